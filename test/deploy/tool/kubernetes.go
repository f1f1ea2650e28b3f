package main

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// kubernetesObjects builds an overlay and decodes each object strictly into Kubernetes' own type: an unknown or misspelt
// field, a field given twice or of a wrong type, and a kind that does not exist are refused as the API server does.
func kubernetesObjects(folder string) ([]any, error) {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		return nil, err
	}
	var objects []any
	for _, resource := range built.Resources() {
		text, err := resource.AsYAML()
		if err != nil {
			return nil, err
		}
		gvk := resource.GetGvk()
		kind := schema.GroupVersionKind{Group: gvk.Group, Version: gvk.Version, Kind: gvk.Kind}
		object, err := scheme.Scheme.New(kind)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", gvk.Kind, resource.GetName(), err)
		}
		if err := strictly(text, object); err != nil {
			return nil, fmt.Errorf("%s %s: %w", gvk.Kind, resource.GetName(), err)
		}
		objects = append(objects, object)
	}
	return objects, nil
}

func strictly(text []byte, object runtime.Object) error {
	return yaml.UnmarshalStrict(text, object)
}
