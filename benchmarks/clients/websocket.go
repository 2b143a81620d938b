// The load generator of WebSocket echoes: each connection sends a text, waits until it is back, and sends it again.
//
//	websocket -url ws://127.0.0.1:8000/echo -text hello -connections 32 -seconds 1.5
//
// It prints one line of JSON with the same fields as load.lua. A message that does not come back as it was sent counts
// as wrong. One operating-system thread is enough (GOMAXPROCS=1): the harness pins it to a core.
package main

import (
	"encoding/json"
	"flag"
	"os"
	"sort"
	"strconv"
	"time"

	"github.com/gorilla/websocket"
)

const patience = 5 * time.Second

type result struct {
	Requests     int            `json:"requests"`
	Seconds      float64        `json:"seconds"`
	Wrong        int            `json:"wrong"`
	SocketErrors int            `json:"socket_errors"`
	Timeouts     int            `json:"timeouts"`
	Latencies    map[string]int `json:"latencies"` // microseconds, by percentile
}

type connection struct {
	latencies           []time.Duration
	wrong, failed, late int
}

func main() {
	url := flag.String("url", "", "where to connect")
	text := flag.String("text", "", "the message")
	connections := flag.Int("connections", 32, "that echo at the same time")
	seconds := flag.Float64("seconds", 1, "of echoes")
	flag.Parse()

	results := make(chan connection)
	ready := make(chan bool)
	begin := make(chan time.Time)
	for range make([]struct{}, *connections) {
		go func() { results <- echo(*url, []byte(*text), ready, begin) }()
	}
	for range make([]struct{}, *connections) {
		<-ready
	}
	start := time.Now()
	end := start.Add(time.Duration(*seconds * float64(time.Second)))
	for range make([]struct{}, *connections) {
		begin <- end
	}
	whole := connection{}
	for range make([]struct{}, *connections) {
		one := <-results
		whole.latencies = append(whole.latencies, one.latencies...)
		whole.wrong += one.wrong
		whole.failed += one.failed
		whole.late += one.late
	}
	elapsed := time.Since(start).Seconds()
	json.NewEncoder(os.Stdout).Encode(result{
		len(whole.latencies), elapsed, whole.wrong, whole.failed, whole.late, percentiles(whole.latencies),
	})
}

// Connect, say so, wait for the common start, then echo until the end.
func echo(url string, text []byte, ready chan<- bool, begin <-chan time.Time) (outcome connection) {
	socket, _, err := websocket.DefaultDialer.Dial(url, nil)
	ready <- true
	end := <-begin
	if err != nil {
		outcome.failed++
		return
	}
	defer socket.Close()
	for sent := time.Now(); sent.Before(end); {
		socket.SetReadDeadline(sent.Add(patience))
		if socket.WriteMessage(websocket.TextMessage, text) != nil {
			outcome.failed++
			return
		}
		_, answer, err := socket.ReadMessage()
		if err != nil {
			if timeout, is := err.(interface{ Timeout() bool }); is && timeout.Timeout() {
				outcome.late++
			} else {
				outcome.failed++
			}
			return
		}
		if string(answer) != string(text) {
			outcome.wrong++
		}
		now := time.Now()
		outcome.latencies = append(outcome.latencies, now.Sub(sent))
		sent = now
	}
	closing := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	socket.WriteControl(websocket.CloseMessage, closing, time.Now().Add(patience))
	return
}

func percentiles(latencies []time.Duration) map[string]int {
	sort.Slice(latencies, func(i, j int) bool { return latencies[i] < latencies[j] })
	found := map[string]int{}
	for _, percent := range []float64{50, 75, 90, 99, 99.9} {
		if index := int(percent / 100 * float64(len(latencies))); index < len(latencies) {
			found[strconv.FormatFloat(percent, 'g', -1, 64)] = int(latencies[index].Microseconds())
		}
	}
	return found
}
