package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// guides are the pages for operators, and those beside them that have commands.
func guides(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(deploy, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	for _, path := range append(paths, filepath.Join(deploy, "nats", "README.md")) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		pages[strings.TrimPrefix(filepath.ToSlash(path), "../../../")] = string(data)
	}
	if len(pages) < 8 {
		t.Fatalf("%d pages were found", len(pages))
	}
	return pages
}

var fence = regexp.MustCompile("(?ms)^```shell\n(.*?)^```$")

// blocks are what a page has people copy into a shell.
func blocks(page string) (all []string) {
	for _, found := range fence.FindAllStringSubmatch(page, -1) {
		all = append(all, found[1])
	}
	return all
}

// spans are the commands within its text: they begin with a program's name.
var span = regexp.MustCompile("`((?:schedulectl|nats|natsconf|make|docker compose|kubectl) [^`]+)`")

// commands are all lines of a page that a shell gets, comments and loops taken off.
func commands(page string) (lines []string) {
	for _, block := range blocks(page) {
		for line := range strings.Lines(strings.ReplaceAll(block, "\\\n", " ")) {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") || line == "done" || strings.HasPrefix(line, "for ") {
				continue
			}
			lines = append(lines, strings.Split(line, " && ")...)
		}
	}
	for _, found := range span.FindAllStringSubmatch(page, -1) {
		lines = append(lines, strings.ReplaceAll(found[1], "\n", " "))
	}
	return lines
}

// Each command names programs, flags, targets, files and variables that there are.
func TestCommandsOfTheGuides(t *testing.T) {
	t.Parallel()
	known := newKnown(t)
	total := 0
	for name, page := range guides(t) {
		for _, line := range commands(page) {
			total++
			if err := known.check(line); err != nil {
				t.Errorf("%s: %q: %v", name, line, err)
			}
		}
	}
	if total < 60 {
		t.Errorf("%d commands were found", total)
	}
}

// A command that is wrong is found: otherwise the test above tests nothing.
func TestWrongCommandsAreFound(t *testing.T) {
	t.Parallel()
	known := newKnown(t)
	for _, line := range []string{
		"make bild", "make images VERSON=v1", ".bin/schedulectl lst", ".bin/schedulectl set a --sepc x", ".bin/schedulectl import weplanx --overwite",
		"go run ./tools/cmd/natscnf -namespace beta", "go run ./tools/cmd/natsconf -nodez a", "export NAMESPAC=beta", "NATS_INBX=a .bin/schedulectl init",
		"cp nats/seeds/beta.schedul.nk x", "kubectl apply -k deploy/kubernetes/overlays/prod", "kubectl -n workflow rollout status deployment/scheduler",
		"kubectl get pods -l app=schedule", "nats server report jetstreams",
		"nats --nkeys a stream backup a b", "nats stream backp a b", "docker compose upp", "curl http://example.com", "schedulectl results KEY --folow",
		"kubectl -n workflow exec deployment/schedule -- /app/schedule -partition 16", "export COMPOSE_FILE=deploy/compose/compose.yaml",
	} {
		if known.check(line) == nil {
			t.Errorf("%q was taken for right", line)
		}
	}
}

var link = regexp.MustCompile(`\[[^\]]*\]\(([^)\s]+)\)`)

// Links lead to files that are there, and to headings in them.
func TestLinksOfTheGuides(t *testing.T) {
	t.Parallel()
	pages := guides(t)
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	pages["README.md"] = string(readme)
	for name, page := range pages {
		for _, found := range link.FindAllStringSubmatch(page, -1) {
			target, anchor, _ := strings.Cut(found[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			path := filepath.Join("../../..", filepath.Dir(name), filepath.FromSlash(target))
			if target == "" {
				path = filepath.Join("../../..", name)
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s: the link %s leads nowhere", name, found[1])
				continue
			}
			if anchor != "" && !hasHeading(t, path, anchor) {
				t.Errorf("%s: %s has no heading for %s", name, target, found[1])
			}
		}
	}
}

var heading = regexp.MustCompile(`(?m)^#+ (.+)$`)

// hasHeading knows how GitHub makes anchors.
func hasHeading(t *testing.T, path, anchor string) bool {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range heading.FindAllStringSubmatch(string(data), -1) {
		text := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(found[1]), "")
		if strings.ReplaceAll(text, " ", "-") == anchor {
			return true
		}
	}
	return false
}
