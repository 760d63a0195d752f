// A kubelet as far as the device plugin API goes, on grpc-go and code that protoc made of our .proto: what Enclos'
// plugin says to its own kind, it must say to the implementation that real kubelets are built on.
//
//	kubelet FOLDER RESOURCE
//
// It does once what the tests of the plugin do by grpc-js, prints a line of JSON, and ends with 1 at the first surprise.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"enclos/v1beta1"
)

const parallel = 200

type kubelet struct {
	v1beta1.UnimplementedRegistrationServer
	registered chan *v1beta1.RegisterRequest
}

func (k *kubelet) Register(_ context.Context, request *v1beta1.RegisterRequest) (*v1beta1.Empty, error) {
	k.registered <- request
	return &v1beta1.Empty{}, nil
}

func fail(format string, words ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", words...)
	os.Exit(1)
}

func check(what string, err error) {
	if err != nil {
		fail("%s: %v", what, err)
	}
}

// start empties the folder, as a kubelet does, and listens.
func start(folder string) (*grpc.Server, *kubelet) {
	entries, err := os.ReadDir(folder)
	check("folder", err)
	for _, entry := range entries {
		check("wipe", os.RemoveAll(filepath.Join(folder, entry.Name())))
	}
	listener, err := net.Listen("unix", filepath.Join(folder, "kubelet.sock"))
	check("listen", err)
	served := &kubelet{registered: make(chan *v1beta1.RegisterRequest, 16)}
	server := grpc.NewServer()
	v1beta1.RegisterRegistrationServer(server, served)
	go func() { _ = server.Serve(listener) }()
	return server, served
}

type plugin struct {
	client  v1beta1.DevicePluginClient
	devices []string
	watch   v1beta1.DevicePlugin_ListAndWatchClient
}

// meet waits until the plugin has registered, calls it back, and waits until all of its devices are healthy.
func meet(ctx context.Context, folder, resource string, known *kubelet) plugin {
	var request *v1beta1.RegisterRequest
	select {
	case request = <-known.registered:
	case <-ctx.Done():
		fail("the plugin does not register")
	}
	if request.Version != "v1beta1" || request.ResourceName != resource || filepath.Base(request.Endpoint) != request.Endpoint {
		fail("registered as %v", request)
	}
	connection, err := grpc.NewClient("unix:"+filepath.Join(folder, request.Endpoint), grpc.WithTransportCredentials(insecure.NewCredentials()))
	check("dial", err)
	client := v1beta1.NewDevicePluginClient(connection)
	options, err := client.GetDevicePluginOptions(ctx, &v1beta1.Empty{})
	check("options", err)
	if options.PreStartRequired != request.GetOptions().GetPreStartRequired() {
		fail("options differ: %v and %v", options, request.Options)
	}
	watch, err := client.ListAndWatch(ctx, &v1beta1.Empty{})
	check("watch", err)
	for {
		list, err := watch.Recv()
		check("list", err)
		var devices []string
		for _, device := range list.Devices {
			if device.Health == "Healthy" {
				devices = append(devices, device.ID)
			}
		}
		if len(devices) > 0 && len(devices) == len(list.Devices) {
			return plugin{client, devices, watch}
		}
	}
}

func allocate(ctx context.Context, client v1beta1.DevicePluginClient, devices ...string) (*v1beta1.AllocateResponse, error) {
	return client.Allocate(ctx, &v1beta1.AllocateRequest{
		ContainerRequests: []*v1beta1.ContainerAllocateRequest{{DevicesIds: devices}},
	})
}

// allocateAll asks in parallel, and holds every answer to what was asked.
func allocateAll(ctx context.Context, met plugin) {
	var group sync.WaitGroup
	for i := range parallel {
		group.Add(1)
		go func() {
			defer group.Done()
			device := met.devices[i%len(met.devices)]
			answer, err := allocate(ctx, met.client, device)
			check("allocate", err)
			if len(answer.ContainerResponses) != 1 {
				fail("%d answers", len(answer.ContainerResponses))
			}
			response := answer.ContainerResponses[0]
			if response.Envs["IDS"] != device || len(response.Mounts) != 1 || !response.Mounts[0].ReadOnly ||
				len(response.Devices) != 1 || response.Devices[0].Permissions != "rw" {
				fail("for %s: %v", device, response)
			}
		}()
	}
	group.Wait()
}

func refused(what string, err error, wanted codes.Code) string {
	if status.Code(err) != wanted {
		fail("%s: %v", what, err)
	}
	return wanted.String()
}

func main() {
	if len(os.Args) != 3 {
		fail("usage: kubelet FOLDER RESOURCE")
	}
	folder, resource := os.Args[1], os.Args[2]
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	server, known := start(folder)
	met := meet(ctx, folder, resource, known)
	began := time.Now()
	allocateAll(ctx, met)
	took := time.Since(began)
	_, err := allocate(ctx, met.client, "no-such-device")
	unknown := refused("an unknown device", err, codes.NotFound)
	_, err = met.client.PreStartContainer(ctx, &v1beta1.PreStartContainerRequest{})
	preStart := refused("pre-start", err, codes.Unimplemented)

	// A kubelet that is started again: it wipes its folder, and knows nobody.
	server.Stop()
	server, known = start(folder)
	restarted := time.Now()
	again := meet(ctx, folder, resource, known)
	registeredAgain := time.Since(restarted)
	// The plugin ends the stream of the kubelet that is gone.
	if _, err := met.watch.Recv(); err == nil {
		fail("the old stream goes on")
	}
	allocateAll(ctx, again)
	server.Stop()
	check("print", json.NewEncoder(os.Stdout).Encode(map[string]any{
		"devices":           len(again.devices),
		"allocations":       2 * parallel,
		"allocateMs":        took.Milliseconds(),
		"registeredAgainMs": registeredAgain.Milliseconds(),
		"unknownDevice":     unknown,
		"preStartContainer": preStart,
	}))
}
