package manifest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// service is one of a compose project, as compose-go prints it.
type service struct {
	Image           string
	Command         []string
	Environment     map[string]*string
	ReadOnly        bool     `json:"read_only"`
	CapDrop         []string `json:"cap_drop"`
	SecurityOpt     []string `json:"security_opt"`
	StopGracePeriod string   `json:"stop_grace_period"`
	User            string
	Deploy          *struct{ Replicas *int }
	Volumes         []struct {
		Type, Source, Target string
		ReadOnly             bool `json:"read_only"`
	}
}

// Compose returns the programs of a rendered compose file, by name.
func Compose(rendered []byte) (map[string]Program, error) {
	var project struct{ Services map[string]service }
	if err := json.Unmarshal(rendered, &project); err != nil {
		return nil, fmt.Errorf("compose file: %w", err)
	}
	programs := map[string]Program{}
	for name, s := range project.Services {
		p := Program{
			Name: name, Image: s.Image, Command: s.Command, Env: map[string]string{}, User: s.User,
			ReadOnly: s.ReadOnly, Drop: s.CapDrop, Replicas: 1,
			NoNewPrivileges: slices.Contains(s.SecurityOpt, "no-new-privileges:true"),
		}
		for name, value := range s.Environment {
			if value != nil {
				p.Env[name] = *value
			}
		}
		if s.Deploy != nil && s.Deploy.Replicas != nil {
			p.Replicas = *s.Deploy.Replicas
		}
		var err error
		if p.Grace, err = time.ParseDuration(s.StopGracePeriod); err != nil {
			return nil, fmt.Errorf("service %s: stop_grace_period: %w", name, err)
		}
		for _, v := range s.Volumes {
			m := Mount{Target: v.Target, ReadOnly: v.ReadOnly}
			if v.Type == "bind" {
				m.Source = v.Source
			}
			p.Mounts = append(p.Mounts, m)
		}
		programs[name] = p
	}
	return programs, nil
}
