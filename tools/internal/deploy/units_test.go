package deploy_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// unit is a systemd unit: values by section and name.
type unit map[string][]string

func readUnit(t *testing.T, program string) unit {
	t.Helper()
	u, section := unit{}, ""
	for line := range strings.Lines(string(read(t, "systemd/"+program+".service"))) {
		line = strings.TrimSpace(line)
		name, value, setting := strings.Cut(line, "=")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			section = line
		case !setting:
			t.Errorf("%s: line %q sets nothing", program, line)
		default:
			u[section+name] = append(u[section+name], value)
		}
	}
	return u
}

// hardening are settings without which a program taken over could do more than
// use the network.
var hardening = []string{
	"DynamicUser=yes", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "AmbientCapabilities=", "ProtectSystem=strict", "ProtectHome=yes",
	"PrivateTmp=yes", "PrivateDevices=yes", "PrivateUsers=yes", "ProtectProc=invisible", "ProtectClock=yes", "ProtectControlGroups=yes",
	"ProtectHostname=yes", "ProtectKernelLogs=yes", "ProtectKernelModules=yes", "ProtectKernelTunables=yes", "LockPersonality=yes",
	"MemoryDenyWriteExecute=yes", "RestrictAddressFamilies=AF_INET AF_INET6", "RestrictNamespaces=yes", "RestrictRealtime=yes",
	"RestrictSUIDSGID=yes", "SystemCallArchitectures=native", "SystemCallFilter=@system-service", "SystemCallFilter=~@privileged",
}

func TestUnits(t *testing.T) {
	t.Parallel()
	for program, known := range programs {
		u := readUnit(t, program)
		for _, setting := range hardening {
			name, value, _ := strings.Cut(setting, "=")
			if !slices.Contains(u["[Service]"+name], value) {
				t.Errorf("%s: %s is missing", program, setting)
			}
		}
		if got := u["[Service]ExecStart"]; !slices.Equal(got, []string{"/usr/local/bin/" + program}) {
			t.Errorf("%s: starts %q", program, got)
		}
		for _, list := range u["[Service]Environment"] {
			for setting := range strings.FieldsSeq(list) {
				if name, _, _ := strings.Cut(setting, "="); !known[name] {
					t.Errorf("%s: sets %s, which is no setting", program, name)
				}
			}
		}
		for _, found := range regexp.MustCompile(`(?m)^#   ([A-Z_]+)=`).FindAllStringSubmatch(string(read(t, "systemd/"+program+".service")), -1) {
			if !known[found[1]] {
				t.Errorf("%s: tells of %s, which is no setting", program, found[1])
			}
		}
	}
}

// Where systemd is, it reads the units itself.
func TestSystemdTakesTheUnits(t *testing.T) {
	t.Parallel()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Log("no systemd here: TestUnits has read the units")
		return
	}
	folder := t.TempDir()
	for program := range programs {
		// It wants to see the program.
		text := strings.ReplaceAll(string(read(t, "systemd/"+program+".service")), "/usr/local/bin/"+program, "/bin/true")
		path := filepath.Join(folder, program+".service")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), analyze, "verify", path).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", program, err, out)
		}
		const most = "20" // tenths of what systemd calls exposure
		out, err := exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--threshold="+most, path).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", program, err, out)
		}
	}
}

func TestDockerfiles(t *testing.T) {
	t.Parallel()
	for program, port := range map[string]int{"schedule": 8080, "worker": 8081} {
		lines := strings.Split(string(read(t, program+"/Dockerfile")), "\n")
		for _, want := range []string{
			"FROM scratch", "WORKDIR /app", "USER 65532:65532", "ARG VERSION=unknown", "ARG REVISION=unknown",
			fmt.Sprintf("COPY %s /app/%s", program, program), "COPY LICENSE /licenses/LICENSE",
			fmt.Sprintf("COPY %s.licenses.txt /licenses/THIRD_PARTY_LICENSES.txt", program), fmt.Sprintf("EXPOSE %d", port), fmt.Sprintf(`ENTRYPOINT ["/app/%s"]`, program),
		} {
			if !slices.Contains(lines, want) {
				t.Errorf("%s: no line %q", program, want)
			}
		}
		checks := func(line string) bool {
			return strings.HasPrefix(line, "HEALTHCHECK ") && strings.HasSuffix(line, fmt.Sprintf(`CMD ["/app/%s", "-healthcheck"]`, program))
		}
		if !slices.ContainsFunc(lines, checks) {
			t.Errorf("%s: does not check its health by itself", program)
		}
	}
}
