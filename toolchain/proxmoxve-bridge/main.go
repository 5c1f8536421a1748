// The plugin that answers the npm package @muhlba91/pulumi-proxmoxve in tests, where its own cannot be had: bpg's Terraform
// provider (MPL-2.0), as it is, behind Pulumi's bridge (Apache-2.0). It is built into the toolchain's cache and never shipped.
// Tokens and the renamed ids are those of the npm package's classes; only what Holdfast's components use is in the table.
//
//	pulumi-resource-proxmoxve schema --out FOLDER     writes what the plugin needs beside it
//	pulumi-resource-proxmoxve                         is the plugin
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bpg/terraform-provider-proxmox/fwprovider"
	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfgen"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// Of the npm package (package.json).
const version = "8.6.0"

type used struct {
	token tokens.Type
	// The class has the object's id as `resourceId`, since `id` is Pulumi's own.
	hasResourceID bool
}

var resources = map[string]used{
	"proxmox_storage_directory": {"proxmoxve:storage/directory:Directory", true},
	"proxmox_backup_job":        {"proxmoxve:backup/job:Job", true},
	"proxmox_cluster_options":   {"proxmoxve:cluster/options:Options", false},
	"proxmox_metrics_server":    {"proxmoxve:metrics/server:Server", false},
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "schema" {
		tfgen.Main("proxmoxve", provider([]byte("{}")))
		return
	}
	pf.Main(context.Background(), "proxmoxve", provider(beside("bridge-metadata.json")),
		pf.ProviderMetadata{PackageSchema: beside("schema.json")})
}

func provider(metadata []byte) tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P:            pf.ShimProvider(fwprovider.New(version)()),
		Name:         "proxmox",
		Version:      version,
		MetadataInfo: tfbridge.NewProviderMetadata(metadata),
		Resources:    map[string]*tfbridge.ResourceInfo{},
		// Without it the generator looks for the provider's documentation.
		UpstreamRepoPath: ".",
	}
	for name, use := range resources {
		info.Resources[name] = resourceInfo(use)
	}
	info.P.ResourcesMap().Range(func(name string, _ shim.Resource) bool {
		if _, isUsed := resources[name]; !isUsed {
			info.IgnoreMappings = append(info.IgnoreMappings, name)
		}
		return true
	})
	info.P.DataSourcesMap().Range(func(name string, _ shim.Resource) bool {
		info.IgnoreMappings = append(info.IgnoreMappings, name)
		return true
	})
	return info
}

func resourceInfo(use used) *tfbridge.ResourceInfo {
	if !use.hasResourceID {
		return &tfbridge.ResourceInfo{Tok: use.token}
	}
	return &tfbridge.ResourceInfo{
		Tok:    use.token,
		Fields: map[string]*tfbridge.SchemaInfo{"id": {Name: "resourceId", Type: "string"}},
		ComputeID: tfbridge.DelegateIDField(
			resource.PropertyKey("resourceId"), "proxmoxve", "https://github.com/bpg/terraform-provider-proxmox"),
	}
}

// What `schema` has written into the plugin's folder.
func beside(name string) []byte {
	program, err := os.Executable()
	if err == nil {
		var content []byte
		if content, err = os.ReadFile(filepath.Join(filepath.Dir(program), name)); err == nil {
			return content
		}
	}
	fmt.Fprintf(os.Stderr, "pulumi-resource-proxmoxve: %v\n", err)
	os.Exit(1)
	return nil
}
