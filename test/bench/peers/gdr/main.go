// gdr makes a gateway what a file says, by decK's engine, and prints what that took as one line of JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/kong/go-database-reconciler/pkg/diff"
	"github.com/kong/go-database-reconciler/pkg/dump"
	"github.com/kong/go-database-reconciler/pkg/file"
	"github.com/kong/go-database-reconciler/pkg/state"
	"github.com/kong/go-database-reconciler/pkg/utils"
	"github.com/kong/go-kong/kong"
)

const parallel = 10

type report struct {
	Ms     float64 `json:"ms"`
	CPUMs  float64 `json:"cpuMs"`
	Reads  int64   `json:"reads"`
	Writes int64   `json:"writes"`
	PeakMB float64 `json:"peakMB"`
}

func main() {
	if len(os.Args) != 4 {
		exit(fmt.Errorf("usage: gdr ADMIN_URL FILE TAG"))
	}
	counted := &counter{to: utils.HTTPClient().Transport}
	began, busy := time.Now(), cpu()
	if err := sync(context.Background(), os.Args[1], os.Args[2], os.Args[3], counted); err != nil {
		exit(err)
	}
	took, worked := ms(time.Since(began)), ms(cpu()-busy)
	peak, err := peakMB()
	if err != nil {
		exit(err)
	}
	_ = json.NewEncoder(os.Stdout).Encode(report{took, worked, counted.reads.Load(), counted.writes.Load(), peak})
}

// sync is what `deck gateway sync --select-tag` does.
func sync(ctx context.Context, url, path, tag string, transport http.RoundTripper) error {
	client, err := kong.NewClient(&url, &http.Client{Transport: transport})
	if err != nil {
		return err
	}
	root, err := client.Root(ctx)
	if err != nil {
		return err
	}
	version, err := utils.ParseKongVersion(kong.VersionFromInfo(root))
	if err != nil {
		return err
	}
	selected := dump.Config{SelectorTags: []string{tag}}
	content, err := file.GetContentFromFiles([]string{path}, false)
	if err != nil {
		return err
	}
	found, err := dump.Get(ctx, client, selected)
	if err != nil {
		return err
	}
	current, err := state.Get(found)
	if err != nil {
		return err
	}
	wanted, err := file.Get(ctx, content, file.RenderConfig{CurrentState: current, KongVersion: version}, selected, client)
	if err != nil {
		return err
	}
	target, err := state.Get(wanted)
	if err != nil {
		return err
	}
	syncer, err := diff.NewSyncer(diff.SyncerOpts{
		CurrentState: current, TargetState: target, KongClient: client, SilenceWarnings: true,
		CreatePrintln: silent, UpdatePrintln: silent, DeletePrintln: silent,
	})
	if err != nil {
		return err
	}
	if _, failed, _ := syncer.Solve(ctx, parallel, false, false); len(failed) > 0 {
		return failed[0]
	}
	return nil
}

type counter struct {
	to            http.RoundTripper
	reads, writes atomic.Int64
}

func (c *counter) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method == http.MethodGet {
		c.reads.Add(1)
	} else {
		c.writes.Add(1)
	}
	answer, err := c.to.RoundTrip(request)
	isList := request.Method == http.MethodGet && strings.Count(request.URL.Path, "/") == 1
	if err == nil && isList && answer.StatusCode == http.StatusNotFound {
		return none(answer), nil
	}
	return answer, err
}

// none is a list without entries: local-gateway does not have every kind of entity that Kong has.
func none(answer *http.Response) *http.Response {
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	answer.StatusCode, answer.Status, answer.ContentLength = http.StatusOK, "200 OK", -1
	answer.Body = io.NopCloser(strings.NewReader(`{"data":[],"next":null}`))
	return answer
}

// cpu is the time that processors have spent on this process.
func cpu() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func ms(duration time.Duration) float64 { return float64(duration.Microseconds()) / 1000 }

// peakMB is the largest this process has been in memory, as its other side reads it of itself.
func peakMB() (float64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		return 0, fmt.Errorf("/proc/self/status says nothing of VmHWM")
	}
	kB, err := strconv.ParseFloat(string(found[1]), 64)
	return kB / 1024, err
}

func silent(...any) {}

func exit(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
