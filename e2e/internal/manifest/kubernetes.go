package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// object is a Kubernetes object with the fields of all kinds that matter here.
type object struct {
	Kind     string
	Metadata struct{ Name string }
	Data     map[string]string // of a ConfigMap; of a Secret in base64
	Spec     struct {
		Replicas       *int                  // of a Deployment
		Template       struct{ Spec pod }    // of a Deployment
		ScaleTargetRef struct{ Name string } // of an autoscaler
		MinReplicas    int                   // of an autoscaler
	}
}

type pod struct {
	SecurityContext               struct{ RunAsUser, RunAsGroup *int }
	TerminationGracePeriodSeconds *int
	Containers                    []container
	InitContainers                []json.RawMessage
	Volumes                       []volume
}

type container struct {
	Image   string
	Args    []string
	Command []string
	Env     []variable
	EnvFrom []json.RawMessage
	Ports   []struct {
		Name          string
		ContainerPort int
	}
	ReadinessProbe struct {
		HTTPGet struct {
			Path string
			Port json.RawMessage
		}
	}
	Resources       struct{ Limits struct{ Memory string } }
	SecurityContext struct {
		AllowPrivilegeEscalation *bool
		ReadOnlyRootFilesystem   bool
		Capabilities             struct{ Drop []string }
	}
	VolumeMounts []struct {
		Name, MountPath, SubPath string
		ReadOnly                 bool
	}
}

type variable struct {
	Name, Value string
	ValueFrom   *struct{ SecretKeyRef struct{ Name, Key string } }
}

type volume struct {
	Name      string
	ConfigMap *struct {
		Name  string
		Items []struct{ Key, Path string }
	}
}

// Kubernetes returns the programs of the Deployments in a rendered folder, by
// name. What they mount is written below the folder files.
func Kubernetes(rendered []byte, files string) (map[string]Program, error) {
	var objects []object
	if err := json.Unmarshal(rendered, &objects); err != nil {
		return nil, fmt.Errorf("manifests: %w", err)
	}
	k := kubelet{objects: objects, files: files}
	programs := map[string]Program{}
	for i := range objects {
		if o := &objects[i]; o.Kind == "Deployment" {
			p, err := k.program(o)
			if err != nil {
				return nil, fmt.Errorf("deployment %s: %w", o.Metadata.Name, err)
			}
			programs[p.Name] = p
		}
	}
	return programs, nil
}

type kubelet struct {
	objects []object
	files   string
}

func (k *kubelet) find(kind, name string) (*object, error) {
	for i := range k.objects {
		if o := &k.objects[i]; o.Kind == kind && o.Metadata.Name == name {
			return o, nil
		}
	}
	return nil, fmt.Errorf("there is no %s %q", kind, name)
}

func (k *kubelet) program(o *object) (Program, error) {
	spec := &o.Spec.Template.Spec
	if len(spec.Containers) != 1 || len(spec.InitContainers) > 0 || len(spec.Containers[0].EnvFrom) > 0 || len(spec.Containers[0].Command) > 0 {
		return Program{}, errors.New("want one container, no initContainers, envFrom or command")
	}
	c := &spec.Containers[0]
	p := Program{
		Name: o.Metadata.Name, Image: c.Image, Command: c.Args, Replicas: k.replicas(o), Grace: 30 * time.Second,
		ReadOnly: c.SecurityContext.ReadOnlyRootFilesystem, Drop: c.SecurityContext.Capabilities.Drop,
		Ready: c.ReadinessProbe.HTTPGet.Path, Port: c.port(),
	}
	if s := c.SecurityContext.AllowPrivilegeEscalation; s != nil {
		p.NoNewPrivileges = !*s
	}
	if s := spec.SecurityContext; s.RunAsUser != nil && s.RunAsGroup != nil {
		p.User = strconv.Itoa(*s.RunAsUser) + ":" + strconv.Itoa(*s.RunAsGroup)
	}
	if seconds := spec.TerminationGracePeriodSeconds; seconds != nil {
		p.Grace = time.Duration(*seconds) * time.Second
	}
	var errs [3]error
	p.Memory, errs[0] = bytesOf(c.Resources.Limits.Memory)
	p.Env, errs[1] = k.env(c.Env)
	p.Mounts, errs[2] = k.mounts(o.Metadata.Name, c, spec.Volumes)
	return p, errors.Join(errs[:]...)
}

// replicas: an autoscaler decides where there is one.
func (k *kubelet) replicas(o *object) int {
	for i := range k.objects {
		if s := &k.objects[i]; s.Kind == "HorizontalPodAutoscaler" && s.Spec.ScaleTargetRef.Name == o.Metadata.Name {
			return s.Spec.MinReplicas
		}
	}
	if o.Spec.Replicas != nil {
		return *o.Spec.Replicas
	}
	return 1
}

// port is what the probe asks, by number or by name.
func (c *container) port() string {
	text := string(bytes.Trim(c.ReadinessProbe.HTTPGet.Port, `"`))
	for _, p := range c.Ports {
		if p.Name == text {
			return strconv.Itoa(p.ContainerPort)
		}
	}
	return text
}

func (k *kubelet) env(variables []variable) (map[string]string, error) {
	env := map[string]string{}
	for _, v := range variables {
		env[v.Name] = v.Value
		if v.ValueFrom == nil {
			continue
		}
		ref := v.ValueFrom.SecretKeyRef
		secret, err := k.find("Secret", ref.Name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.Name, err)
		}
		var value []byte
		if err := json.Unmarshal([]byte(strconv.Quote(secret.Data[ref.Key])), &value); err != nil || len(value) == 0 {
			return nil, fmt.Errorf("%s: secret %s has no value %s: %w", v.Name, ref.Name, ref.Key, err)
		}
		env[v.Name] = string(value)
	}
	return env, nil
}

func (k *kubelet) mounts(name string, c *container, volumes []volume) (mounts []Mount, err error) {
	for _, m := range c.VolumeMounts {
		folder := filepath.Join(k.files, name, m.Name)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return nil, err
		}
		for i := range volumes {
			if volumes[i].Name == m.Name {
				err = errors.Join(err, k.write(folder, &volumes[i]))
			}
		}
		if m.SubPath != "" {
			return nil, errors.New("want no subPath")
		}
		mounts = append(mounts, Mount{Source: folder, Target: m.MountPath, ReadOnly: m.ReadOnly})
	}
	return mounts, err
}

// write writes the files of a volume, for any user to read.
func (k *kubelet) write(folder string, v *volume) error {
	if v.ConfigMap == nil {
		return fmt.Errorf("volume %s: want a config map", v.Name)
	}
	source, err := k.find("ConfigMap", v.ConfigMap.Name)
	if err != nil {
		return err
	}
	put := map[string]string{}
	for _, item := range v.ConfigMap.Items {
		content, ok := source.Data[item.Key]
		if !ok {
			return fmt.Errorf("config map %s has no %s", v.ConfigMap.Name, item.Key)
		}
		put[item.Path] = content
	}
	if len(v.ConfigMap.Items) == 0 {
		put = source.Data
	}
	for name, content := range put {
		err = errors.Join(err, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644))
	}
	return err
}

// bytesOf reads a quantity such as 256Mi. Empty: 0.
func bytesOf(quantity string) (int64, error) {
	for suffix, unit := range map[string]int64{"Mi": 1 << 20, "Gi": 1 << 30} {
		if number, ok := bytes.CutSuffix([]byte(quantity), []byte(suffix)); ok {
			n, err := strconv.ParseInt(string(number), 10, 32)
			return n * unit, err
		}
	}
	if quantity != "" {
		return 0, fmt.Errorf("memory is %q, want a whole number of Mi or Gi", quantity)
	}
	return 0, nil
}
