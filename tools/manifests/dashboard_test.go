package manifests_test

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// dashboard is what Grafana takes, in so far as we may use it: a field that is
// misspelt is an error.
type dashboard struct {
	ID            *int     `json:"id"`
	UID           string   `json:"uid"`
	Title         string   `json:"title"`
	Description   string   `json:"description"`
	Tags          []string `json:"tags"`
	SchemaVersion int      `json:"schemaVersion"`
	Version       int      `json:"version"`
	Editable      bool     `json:"editable"`
	GraphTooltip  int      `json:"graphTooltip"`
	Refresh       string   `json:"refresh"`
	Timezone      string   `json:"timezone"`
	Time          any      `json:"time"`
	Links         []any    `json:"links"`
	Panels        []panel  `json:"panels"`
	Templating    struct {
		List []variable `json:"list"`
	} `json:"templating"`
	Annotations struct {
		List []struct {
			Name        string     `json:"name"`
			Enable      bool       `json:"enable"`
			IconColor   string     `json:"iconColor"`
			Datasource  datasource `json:"datasource"`
			Expr        string     `json:"expr"`
			TitleFormat string     `json:"titleFormat"`
			TextFormat  string     `json:"textFormat"`
		} `json:"list"`
	} `json:"annotations"`
}

type datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

type variable struct {
	Name       string      `json:"name"`
	Label      string      `json:"label"`
	Type       string      `json:"type"`
	Datasource *datasource `json:"datasource"`
	Query      any         `json:"query"`
	Definition string      `json:"definition"`
	Current    any         `json:"current"`
	Hide       int         `json:"hide"`
	Refresh    int         `json:"refresh"`
	Regex      string      `json:"regex"`
	Sort       int         `json:"sort"`
	Multi      bool        `json:"multi"`
	IncludeAll bool        `json:"includeAll"`
}

type panel struct {
	ID          int         `json:"id"`
	Type        string      `json:"type"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	Collapsed   bool        `json:"collapsed"`
	Datasource  *datasource `json:"datasource"`
	GridPos     place       `json:"gridPos"`
	FieldConfig struct {
		Defaults struct {
			Unit       string `json:"unit"`
			Decimals   *int   `json:"decimals"`
			Min        *int   `json:"min"`
			NoValue    string `json:"noValue"`
			Color      any    `json:"color"`
			Custom     any    `json:"custom"`
			Thresholds any    `json:"thresholds"`
		} `json:"defaults"`
		Overrides []any `json:"overrides"`
	} `json:"fieldConfig"`
	Options         any   `json:"options"`
	Transformations []any `json:"transformations"`
	Panels          []any `json:"panels"`
	Targets         []struct {
		RefID        string     `json:"refId"`
		Datasource   datasource `json:"datasource"`
		Expr         string     `json:"expr"`
		LegendFormat string     `json:"legendFormat"`
		Range        bool       `json:"range"`
		Instant      bool       `json:"instant"`
		Format       string     `json:"format"`
	} `json:"targets"`
}

type place struct{ X, Y, W, H int }

func (a place) overlaps(b place) bool {
	return a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H
}

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	data, err := os.ReadFile("../../deploy/grafana/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		t.Fatal(err)
	}
	return d
}

// chosen is the data source that the viewer has chosen.
var chosen = datasource{Type: "prometheus", UID: "${datasource}"}

func TestDashboardCanBeImported(t *testing.T) {
	t.Parallel()
	d := readDashboard(t)
	if d.ID != nil || d.UID == "" || d.Title == "" || d.SchemaVersion < 39 {
		t.Errorf("id %v, uid %q, title %q, schema %d: want one that any Grafana takes as new", d.ID, d.UID, d.Title, d.SchemaVersion)
	}
	var names []string
	for _, v := range d.Templating.List {
		names = append(names, v.Name+" "+v.Type)
	}
	if want := []string{"datasource datasource", "namespace query"}; !slices.Equal(names, want) {
		t.Errorf("variables %q, want %q", names, want)
	}
	kinds := []string{"row", "stat", "timeseries", "table"}
	for i, p := range d.Panels {
		if p.Title == "" || !slices.Contains(kinds, p.Type) || p.GridPos.W < 1 || p.GridPos.H < 1 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d %q: type %q at %+v", p.ID, p.Title, p.Type, p.GridPos)
		}
		if p.Type != "row" && (p.Description == "" || len(p.Targets) == 0 || p.Datasource == nil || *p.Datasource != chosen) {
			t.Errorf("panel %q: description %q, %d queries, data source %v", p.Title, p.Description, len(p.Targets), p.Datasource)
		}
		for _, other := range d.Panels[:i] {
			if other.ID == p.ID || other.Title == p.Title || other.GridPos.overlaps(p.GridPos) {
				t.Errorf("panels %q and %q are one, or lie over each other", p.Title, other.Title)
			}
		}
	}
}

// filled replaces Grafana's own variables and those of the dashboard.
func filled(expr string) string {
	return strings.NewReplacer("$__rate_interval", "1m", "$__range", "1h", "$namespace", "beta").Replace(expr)
}

var legendLabel = regexp.MustCompile(`{{(\w+)}}`)

func TestDashboardNamesWhatIsExported(t *testing.T) {
	t.Parallel()
	all, d := metrics(t), readDashboard(t)
	used := map[string]bool{}
	check := func(where, expr, legend string) {
		t.Helper()
		for _, problem := range checkExpression(all, filled(expr)) {
			t.Errorf("%s: %s: %s", where, expr, problem)
		}
		if strings.Count(expr, `namespace=~"$namespace"`) < strings.Count(expr, "{") {
			t.Errorf("%s: %s is not about the chosen namespace", where, expr)
		}
		for _, label := range legendLabel.FindAllStringSubmatch(legend, -1) {
			if by := strings.Contains(expr, "by ("); by && !regexp.MustCompile(`by \([^)]*\b`+label[1]+`\b`).MatchString(expr) || !by && !slices.Contains(everywhere, label[1]) {
				t.Errorf("%s: %s has no %s for its legend", where, expr, label[1])
			}
		}
		for name := range all {
			used[name] = used[name] || regexp.MustCompile(`\b`+name+`(_bucket|_sum|_count)?\b`).MatchString(expr)
		}
	}
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			if target.Datasource != chosen {
				t.Errorf("%s: data source %v", p.Title, target.Datasource)
			}
			check(p.Title, target.Expr, target.LegendFormat)
		}
	}
	for _, a := range d.Annotations.List {
		check("annotation "+a.Name, a.Expr, "")
	}
	for name := range all {
		if !used[name] && name != "up" && name != "schedule_partitions" {
			t.Errorf("no panel shows %s", name)
		}
	}
}
