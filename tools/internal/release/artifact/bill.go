package artifact

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/weplanx/workflow/tools/internal/release"
)

// writeBill writes the bill of materials of a program: what the go command wrote
// into it about the modules that it was compiled from. That has no graph; so all
// of them are dependencies of the program itself.
func (b *build) writeBill(name string, p program, info *buildinfo.BuildInfo, data []byte) error {
	sum := sha256.Sum256(data)
	subject := b.subject(p, sum)
	components := []cyclonedx.Component{standard(info.GoVersion)}
	for _, m := range info.Deps {
		components = append(components, b.component(m))
	}
	refs := make([]string, len(components))
	for i, c := range components {
		refs[i] = c.BOMRef
	}

	bom := cyclonedx.NewBOM()
	bom.SerialNumber = serial(sum)
	bom.Metadata = &cyclonedx.Metadata{
		Timestamp: b.time.Format(time.RFC3339),
		Component: &subject,
		Supplier:  &cyclonedx.OrganizationalEntity{Name: "weplanx"},
		Tools:     &cyclonedx.ToolsChoice{Components: &[]cyclonedx.Component{{Type: cyclonedx.ComponentTypeApplication, Name: release.Prefix + "tools/cmd/release"}}},
	}
	bom.Components = &components
	bom.Dependencies = &[]cyclonedx.Dependency{{Ref: subject.BOMRef, Dependencies: &refs}}

	var text strings.Builder
	encoder := cyclonedx.NewBOMEncoder(&text, cyclonedx.BOMFileFormatJSON)
	if err := encoder.SetPretty(true).EncodeVersion(bom, cyclonedx.SpecVersion1_6); err != nil {
		return fmt.Errorf("bill of materials: %w", err)
	}
	return os.WriteFile(name, []byte(text.String()), 0o600)
}

// subject is the program itself.
func (b *build) subject(p program, sum [sha256.Size]byte) cyclonedx.Component {
	ref := purl(b.target.Path(), b.target.Version) + "#" + p.folder
	if !p.install {
		ref = purl(strings.TrimSuffix(release.Prefix, "/"), b.commit) + "#" + p.folder
	}
	return cyclonedx.Component{
		BOMRef: ref, PackageURL: ref, Type: cyclonedx.ComponentTypeApplication,
		Name: p.name, Version: b.target.Version,
		Hashes:   &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}},
		Licenses: &cyclonedx.Licenses{{License: &cyclonedx.License{ID: "BSD-3-Clause"}}},
	}
}

// component is a module that was compiled in. Modules of the workspace have no
// version; theirs is the commit.
func (b *build) component(m *debug.Module) cyclonedx.Component {
	version := m.Version
	if strings.HasPrefix(m.Path, release.Prefix) && m.Sum == "" {
		version = b.commit
	}
	ref := purl(m.Path, version)
	c := cyclonedx.Component{
		BOMRef: ref, PackageURL: ref, Type: cyclonedx.ComponentTypeLibrary, Scope: cyclonedx.ScopeRequired,
		Name: m.Path, Version: version,
	}
	if m.Sum != "" {
		c.Properties = &[]cyclonedx.Property{{Name: "go.sum", Value: m.Sum}}
	}
	return c
}

// standard is the standard library, of which scanners know vulnerabilities.
func standard(version string) cyclonedx.Component {
	version = strings.TrimPrefix(version, "go")
	ref := purl("std", version)
	return cyclonedx.Component{
		BOMRef: ref, PackageURL: ref, Type: cyclonedx.ComponentTypeLibrary, Scope: cyclonedx.ScopeRequired,
		Name: "std", Version: version,
	}
}

// purl is a package URL of type golang
// (https://github.com/package-url/purl-spec).
func purl(path, version string) string {
	return "pkg:golang/" + strings.ToLower(path) + "@" + strings.ReplaceAll(url.PathEscape(version), "+", "%2B")
}

// serial is a UUID of version 8 (RFC 9562) that is the same for the same program.
func serial(sum [sha256.Size]byte) string {
	id := sum[:16]
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
