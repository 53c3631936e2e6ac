// Command pulumi-language-nodejs is a small Pulumi language host: the engine asks it to start the Node.js program and the policy
// pack of a project. It stands in for the official host, which is not to be had as a Go module, where Pulumi has to be built; it
// covers Run and RunPlugin for policy packs, which is all that this project needs.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	sdk "github.com/pulumi/pulumi/sdk/v3"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/version"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// exitAlreadyReported is the code with which @pulumi/pulumi/cmd/run says that the user has seen the error.
const exitAlreadyReported = 32

// lookForEngine is how often the host looks whether its engine is there: killed, an engine ends nobody.
const lookForEngine = time.Second

type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	engine string
}

func main() {
	if err := serve(os.Args[len(os.Args)-1]); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-language-nodejs:", err)
		os.Exit(1)
	}
}

func serve(engine string) error {
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(server, &host{engine: engine})
			return nil
		},
	})
	if err != nil {
		return err
	}
	fmt.Println(handle.Port)
	ctx, gone := context.WithCancel(context.Background())
	defer gone()
	if err := rpcutil.Healthcheck(ctx, engine, lookForEngine, gone); err != nil {
		return err
	}
	select {
	case err := <-handle.Done:
		return err
	case <-ctx.Done():
		return errors.New("the engine is gone")
	}
}

func (h *host) Handshake(context.Context, *pulumirpc.LanguageHandshakeRequest) (*pulumirpc.LanguageHandshakeResponse, error) {
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (h *host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version.Version}, nil
}

func (h *host) GetRequiredPackages(context.Context, *pulumirpc.GetRequiredPackagesRequest) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

func (h *host) Run(ctx context.Context, req *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	entry, err := resolve(ctx, req.Info.ProgramDirectory, "@pulumi/pulumi/cmd/run")
	if err != nil {
		return &pulumirpc.RunResponse{Error: err.Error()}, nil
	}
	args := []string{entry,
		"--monitor", req.MonitorAddress, "--engine", h.engine,
		"--organization", req.Organization, "--project", req.Project, "--stack", req.Stack,
		"--root-directory", req.Info.RootDirectory, "--pwd", req.Info.ProgramDirectory,
		"--parallel", strconv.Itoa(int(req.Parallel))}
	if req.DryRun {
		args = append(args, "--dry-run")
	}
	config := map[string]string{}
	for key, value := range req.Config {
		namespace, name, _ := strings.Cut(key, ":")
		config[namespace+":config:"+strings.TrimPrefix(name, "config:")] = value
	}
	secret := req.ConfigSecretKeys
	if secret == nil {
		secret = []string{}
	}
	configJSON, _ := json.Marshal(config)
	secretJSON, _ := json.Marshal(secret)

	// Not bound to ctx: a run that is cancelled is ended by the program itself, in order, and at the latest with this process group.
	cmd := exec.Command("node", append(append(args, req.Info.EntryPoint), req.Args...)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), append(typescript(req.Info),
		"PULUMI_CONFIG="+string(configJSON), "PULUMI_CONFIG_SECRET_KEYS="+string(secretJSON))...)
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case errors.As(err, &exit) && exit.ExitCode() == exitAlreadyReported:
		return &pulumirpc.RunResponse{Bail: true}, nil
	default:
		return &pulumirpc.RunResponse{Error: "the program failed: " + err.Error()}, nil
	}
}

func (h *host) RunPlugin(req *pulumirpc.RunPluginRequest, stream pulumirpc.LanguageRuntime_RunPluginServer) error {
	ctx := stream.Context()
	if req.Kind != "analyzer" {
		return fmt.Errorf("cannot run a %s plugin, only policy packs", req.Kind)
	}
	entry, err := resolve(ctx, req.Info.ProgramDirectory, "@pulumi/pulumi/cmd/run-policy-pack")
	if err != nil {
		return err
	}
	closer, stdout, stderr, err := rpcutil.MakeRunPluginStreams(stream, false)
	if err != nil {
		return err
	}
	defer closer.Close()
	proxy, stdout, err := sdk.NewPolicyProxy(ctx, stdout)
	if err != nil {
		return err
	}
	stack, err := proxy.AwaitConfiguration(ctx)
	if err != nil {
		return err
	}
	env := append(req.Env, typescript(req.Info)...)
	if stack != nil {
		config, err := json.Marshal(stack.Config)
		if err != nil {
			return err
		}
		env = append(env, "PULUMI_NODEJS_ORGANIZATION="+stack.Organization, "PULUMI_NODEJS_PROJECT="+stack.Project,
			"PULUMI_NODEJS_STACK="+stack.Stack, "PULUMI_NODEJS_DRY_RUN="+strconv.FormatBool(stack.DryRun),
			"PULUMI_CONFIG="+string(config))
	}
	cmd := exec.CommandContext(ctx, "node", append(append([]string{entry}, req.Args...), req.Info.ProgramDirectory)...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = req.Info.ProgramDirectory, env, stdout, stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	return proxy.Attach(ctx, cmd)
}

// typescript tells the SDK how to load TypeScript, as the runtime options of the project say: `typescript: false` turns it
// off, `tsconfig` names another configuration than tsconfig.json.
func typescript(info *pulumirpc.ProgramInfo) []string {
	options := info.GetOptions().AsMap()
	if on, set := options["typescript"].(bool); set && !on {
		return nil
	}
	env := []string{"PULUMI_NODEJS_TYPESCRIPT=true"}
	if path, set := options["tsconfig"].(string); set {
		env = append(env, "PULUMI_NODEJS_TSCONFIG_PATH="+path)
	}
	return env
}

// resolve finds a module as a program in dir would.
func resolve(ctx context.Context, dir, module string) (string, error) {
	cmd := exec.CommandContext(ctx, "node", "-p", fmt.Sprintf("require.resolve(%q)", module))
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s is not installed in %s: run npm ci", module, dir)
	}
	return strings.TrimSpace(string(out)), nil
}
