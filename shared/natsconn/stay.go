package natsconn

import (
	"encoding/json"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/sirupsen/logrus"
)

// Times of Stay.
const (
	askEvery   = time.Second
	askTimeout = 2 * time.Second
	// heardWithin is how lately a leader has heard of replicas that are there: they
	// answer every second.
	heardWithin = 3 * time.Second
	// lostAfter is how long a server is left that has lost the others: elections
	// take up to nine seconds, and moving about meanwhile would not help.
	lostAfter = 8 * time.Second
)

// codeUnavailable: JetStream has no leader that this server can reach.
const codeUnavailable = 10008

// Stay watches over a connection until that is closed. A server that a network
// fault has cut off from the other servers, but not from us, answers pings and
// stores nothing: the connection would stay there for as long as the fault does.
// Stay moves it to another server.
//
// It finds out by asking for stream, which is to be written to all the time, such
// as the bucket with its heartbeats; its leader tells which replicas it hears of.
// A server that is no member of a cluster is not left.
func Stay(nc *nats.Conn, stream string, log *logrus.Logger) {
	s := &stay{nc: nc, stream: stream, log: log, timeout: askTimeout}
	go s.run(nc.StatusChanged(nats.CLOSED))
}

type stay struct {
	nc     *nats.Conn
	stream string
	log    *logrus.Logger

	timeout time.Duration // of a question

	server string    // that is connected
	good   time.Time // when it was last of use
	left   string    // the server that was left last
}

func (s *stay) run(closed <-chan nats.Status) {
	ticker := time.NewTicker(askEvery)
	defer ticker.Stop()
	for {
		select {
		case <-closed:
			return
		case <-ticker.C:
			s.look(time.Now())
		}
	}
}

// look asks the server, and leaves it when it has been of no use for too long, or
// when it is the one that was left before.
func (s *stay) look(now time.Time) {
	if s.nc.Status() != nats.CONNECTED || s.nc.ConnectedClusterName() == "" {
		s.server = ""
		return
	}
	if id := s.nc.ConnectedServerId(); id != s.server {
		s.server, s.good = id, now
	}
	if s.useful() {
		s.good, s.left = now, ""
		return
	}
	if now.Sub(s.good) < lostAfter && s.server != s.left {
		return
	}
	s.log.WithFields(logrus.Fields{
		"server": s.nc.ConnectedAddr(), "stream": s.stream,
	}).Warn("nats server has lost the others, moving to another one")
	s.left = s.server
	_ = s.nc.ForceReconnect() // but when it is closed
}

func (s *stay) useful() bool {
	answer, err := s.nc.Request("$JS.API.STREAM.INFO."+s.stream, nil, s.timeout)
	return err == nil && hasMajority(answer.Data)
}

// hasMajority reads an answer. That of a stream's leader says of which replicas it
// hears; without a leader anyone may answer, and says so. Any answer but
// "unavailable" is good where it does not tell of a cluster: it is about something
// else.
func hasMajority(answer []byte) bool {
	var info struct {
		Error struct {
			ErrCode int `json:"err_code"`
		}
		Cluster *struct {
			Leader   string
			Replicas []struct {
				Offline bool
				Active  time.Duration // since the leader has heard of it
			}
		}
	}
	if json.Unmarshal(answer, &info) != nil || info.Cluster == nil {
		return info.Error.ErrCode != codeUnavailable
	}
	heard := 1 // the leader itself
	for _, r := range info.Cluster.Replicas {
		if !r.Offline && r.Active < heardWithin {
			heard++
		}
	}
	return info.Cluster.Leader != "" && 2*heard > 1+len(info.Cluster.Replicas)
}
