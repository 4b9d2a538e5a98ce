package main

import (
	"net"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/net/dns/dnsmessage"
)

// dnsCommand is `dns NAME TEXT …` in a script: it starts a DNS server with these TXT records at $DNS.
func dnsCommand(ts *testscript.TestScript, _ bool, args []string) {
	records := make(map[string][]string)
	for i := 0; i+1 < len(args); i += 2 {
		records[args[i]+"."] = append(records[args[i]+"."], args[i+1])
	}
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { socket.Close() })
	ts.Setenv("DNS", socket.LocalAddr().String())
	go func() {
		packet := make([]byte, 1500)
		for {
			n, from, err := socket.ReadFrom(packet)
			if err != nil {
				return // the script is over
			}
			if reply, err := answerDNS(packet[:n], records); err == nil {
				socket.WriteTo(reply, from)
			}
		}
	}()
}

// answerDNS answers one question by the records, or that there is no such name.
func answerDNS(packet []byte, records map[string][]string) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(packet); err != nil {
		return nil, err
	}
	m.Response, m.Authoritative, m.Additionals = true, true, nil
	name := m.Questions[0].Name
	found := records[strings.ToLower(name.String())]
	if found == nil {
		m.RCode = dnsmessage.RCodeNameError
	}
	for _, text := range found {
		m.Answers = append(m.Answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: name, Type: dnsmessage.TypeTXT, Class: dnsmessage.ClassINET, TTL: 1},
			Body:   &dnsmessage.TXTResource{TXT: []string{text}},
		})
	}
	return m.Pack()
}

// keepCommand is `keep NAME REGEXP` in a script: what the first group matched in the last output becomes $NAME.
func keepCommand(ts *testscript.TestScript, _ bool, args []string) {
	match := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if match == nil {
		ts.Fatalf("the output does not match %q", args[1])
	}
	ts.Setenv(args[0], match[1])
}
