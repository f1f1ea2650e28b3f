// Command deploy reads what is under docker/ as the real programs do, and prints it as JSON for the tests. What those
// programs would refuse, it refuses, with their own words and exit code 1.
//
//	deploy compose ENV FILE...  the project that docker compose would start, filled in from ENV, with every profile
//	deploy kustomize FOLDER     the objects that `kubectl apply -k` would send
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 3 {
		fail(fmt.Errorf("usage: deploy compose ENV FILE... | deploy kustomize FOLDER"))
	}
	var result any
	var err error
	switch verb := os.Args[1]; verb {
	case "compose":
		result, err = composeProject(os.Args[2], os.Args[3:])
	case "kustomize":
		result, err = kubernetesObjects(os.Args[2])
	default:
		err = fmt.Errorf("unknown verb %s", verb)
	}
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
