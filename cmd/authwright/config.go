// config.go: what an operator sets, from a file and from the environment. A variable wins over the file; everything
// wrong is told at once, each with the name of its setting and where it stands.

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/authwright/authwright/internal/keys"
	"github.com/authwright/authwright/server"
)

// configFlag is the flag of every command that works on a deployment.
type configFlag struct {
	Config string `env:"AUTHWRIGHT_CONFIG" help:"Configuration file. Every setting can also come from a variable: issuer from AUTHWRIGHT_ISSUER, log.level from AUTHWRIGHT_LOG_LEVEL." placeholder:"FILE"`
}

// config is the configuration, read.
type config struct {
	server.Config
	listen    string
	logLevel  slog.Level
	logFormat string
	given     map[string]given // by setting, what was given for it
}

// given is the value of a setting and where it stands.
type given struct {
	values []string // one, unless the setting is a list
	source string
}

// setting is one thing to set.
type setting struct {
	name  string // in the file; a dot stands for a nested mapping
	list  bool
	value string // when nothing is given
	read  func(c *config, values []string) error
}

var settings = []setting{
	{name: "issuer", read: func(c *config, v []string) error { c.Issuer = v[0]; return nil }},
	{name: "listen", value: "127.0.0.1:8080", read: readListen},
	{name: "database", read: func(c *config, v []string) error { c.Database = v[0]; return nil }},
	{name: "key", read: func(c *config, v []string) error { c.Key = v[0]; return nil }},
	{name: "key_file", read: func(c *config, v []string) error { c.KeyFile = v[0]; return nil }},
	{name: "trusted_proxies", list: true, read: readTrustedProxies},
	{name: "private_networks", list: true, read: func(c *config, v []string) (err error) {
		c.PrivateNetworks, err = readNetworks(v)
		return err
	}},
	{name: "smtp.host", read: func(c *config, v []string) error { c.SMTP.Host = v[0]; return nil }},
	{name: "smtp.port", read: readSMTPPort},
	{name: "smtp.user", read: func(c *config, v []string) error { c.SMTP.User = v[0]; return nil }},
	{name: "smtp.password", read: func(c *config, v []string) error { c.SMTP.Password = v[0]; return nil }},
	{name: "smtp.password_file", read: func(c *config, v []string) error { c.SMTP.PasswordFile = v[0]; return nil }},
	{name: "smtp.from", read: func(c *config, v []string) error { c.SMTP.From = v[0]; return nil }},
	{name: "smtp.tls", read: func(c *config, v []string) error { c.SMTP.TLS = v[0]; return nil }},
	{name: "log.level", value: "info", read: readLogLevel},
	{name: "log.format", value: "text", read: readLogFormat},
}

// load reads the file, if there is one, and the environment in the form of os.Environ.
func (f configFlag) load(environ []string) (*config, error) {
	c := &config{given: make(map[string]given)}
	wrong := c.readFile(f.Config)
	wrong = append(wrong, c.readEnvironment(environ)...)
	for _, s := range settings {
		g, ok := c.given[s.name]
		if !ok && s.value == "" {
			continue
		}
		if !ok {
			g = given{[]string{s.value}, "default"}
			c.given[s.name] = g
		}
		if err := s.read(c, g.values); err != nil {
			wrong = append(wrong, c.fault(s.name, err.Error()))
		}
	}
	wrong = append(wrong, c.check(f.Config)...)
	return c, faults(wrong)
}

// check asks the server what is wrong with its part, and looks at the files that hold the key.
func (c *config) check(file string) (wrong []error) {
	var list interface{ Unwrap() []error }
	if err := c.Config.Check(); errors.As(err, &list) {
		for _, err := range list.Unwrap() {
			var field *server.ConfigError
			if errors.As(err, &field) {
				err = c.fault(field.Field, field.Problem)
			}
			wrong = append(wrong, err)
		}
	}
	if c.KeyFile != "" && c.Key == "" {
		if _, err := keys.LoadKEK(c.KeyFile, false); err != nil && !(errors.Is(err, fs.ErrNotExist) && c.embedded()) {
			wrong = append(wrong, c.fault("key_file", err.Error()))
		}
	}
	for secret, instead := range map[string]string{"key": "key_file", "smtp.password": "smtp.password_file"} {
		if g, ok := c.given[secret]; ok && strings.HasPrefix(g.source, file+" ") && file != "" {
			if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o077 != 0 {
				wrong = append(wrong, c.fault(secret, fmt.Sprintf("%s can be read by others (mode %04o): run chmod 600 on it, or use %s", file, info.Mode().Perm(), instead)))
			}
		}
	}
	return wrong
}

// embedded tells whether the database is a file on this machine.
func (c *config) embedded() bool { return strings.HasPrefix(c.Database, "sqlite:") }

// fault names a setting and where it stands, or how to set it when it stands nowhere.
func (c *config) fault(name, problem string) error {
	if g, ok := c.given[name]; ok {
		return fmt.Errorf("%s (%s): %s", name, g.source, problem)
	}
	return fmt.Errorf("%s: %s; set it in the file or in %s", name, problem, variable(name))
}

// faults makes one error of all, or nil.
func faults(wrong []error) error {
	if len(wrong) == 0 {
		return nil
	}
	var b strings.Builder
	b.WriteString("the configuration cannot be used:")
	for _, err := range wrong {
		b.WriteString("\n  " + strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return errors.New(b.String())
}

func readListen(c *config, v []string) error {
	host, port, err := net.SplitHostPort(v[0])
	number, notNumber := strconv.ParseUint(port, 10, 16)
	if err != nil || notNumber != nil || strings.ContainsAny(host, "/ ") {
		return fmt.Errorf("%q is not HOST:PORT, such as 127.0.0.1:8080 or :8080 for every address", v[0])
	}
	c.listen = net.JoinHostPort(host, strconv.FormatUint(number, 10))
	return nil
}

func readSMTPPort(c *config, v []string) error {
	port, err := strconv.ParseUint(v[0], 10, 16)
	if err != nil || port == 0 {
		return fmt.Errorf("%q is no port", v[0])
	}
	c.SMTP.Port = int(port)
	return nil
}

// readTrustedProxies refuses to believe everyone: the address of a client would be what the client says it is.
func readTrustedProxies(c *config, v []string) (err error) {
	c.TrustedProxies, err = readNetworks(v)
	for _, network := range c.TrustedProxies {
		if network.Bits() == 0 {
			err = errors.Join(err, fmt.Errorf("%s is everyone: name the addresses of your proxies", network))
		}
	}
	return err
}

// readNetworks reads networks and single addresses.
func readNetworks(v []string) (list []netip.Prefix, wrong error) {
	for _, text := range v {
		network, err := netip.ParsePrefix(text)
		if addr, notOne := netip.ParseAddr(text); notOne == nil && addr.Zone() == "" {
			network, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		switch {
		case err != nil:
			wrong = errors.Join(wrong, fmt.Errorf("%q is not a network such as 10.0.0.0/8 or an address", text))
		case network != network.Masked():
			wrong = errors.Join(wrong, fmt.Errorf("%s has bits beside its network: write %s", network, network.Masked()))
		default:
			list = append(list, network)
		}
	}
	return list, wrong
}

func readLogLevel(c *config, v []string) error {
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if v[0] == strings.ToLower(level.String()) {
			c.logLevel = level
			return nil
		}
	}
	return fmt.Errorf("%q is not one of debug, info, warn, error", v[0])
}

func readLogFormat(c *config, v []string) error {
	if v[0] != "text" && v[0] != "json" {
		return fmt.Errorf("%q is not one of text, json", v[0])
	}
	c.logFormat = v[0]
	return nil
}
