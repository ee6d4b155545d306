package manifests_test

import (
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// scaledObject is what KEDA 2.21 takes as keda.sh/v1alpha1 ScaledObject, in so
// far as we may use it. KEDA's own package brings its whole operator along.
type scaledObject struct {
	meta.TypeMeta   `json:",inline"`
	meta.ObjectMeta `json:"metadata,omitempty"`
	Spec            struct {
		ScaleTargetRef struct {
			APIVersion    string `json:"apiVersion,omitempty"`
			Kind          string `json:"kind,omitempty"`
			Name          string `json:"name"`
			ContainerName string `json:"envSourceContainerName,omitempty"`
		} `json:"scaleTargetRef"`
		PollingInterval  *int32             `json:"pollingInterval,omitempty"`
		CooldownPeriod   *int32             `json:"cooldownPeriod,omitempty"`
		IdleReplicaCount *int32             `json:"idleReplicaCount,omitempty"`
		MinReplicaCount  *int32             `json:"minReplicaCount,omitempty"`
		MaxReplicaCount  *int32             `json:"maxReplicaCount,omitempty"`
		Triggers         []jetStreamTrigger `json:"triggers"`
	} `json:"spec"`
}

// jetStreamTrigger is KEDA's scaler "nats-jetstream", all of whose metadata
// are strings.
type jetStreamTrigger struct {
	Type     string `json:"type"`
	Name     string `json:"name,omitempty"`
	Metadata struct {
		Endpoint   string `json:"natsServerMonitoringEndpoint"`
		Account    string `json:"account"`
		Stream     string `json:"stream"`
		Consumer   string `json:"consumer"`
		Lag        string `json:"lagThreshold,omitempty"`
		Activation string `json:"activationLagThreshold,omitempty"`
		UseHTTPS   string `json:"useHttps,omitempty"`
	} `json:"metadata"`
	AuthenticationRef *struct {
		Name string `json:"name"`
		Kind string `json:"kind,omitempty"`
	} `json:"authenticationRef,omitempty"`
}
