package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"runtime"
	"runtime/debug"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func init() {
	checks["process/environment"] = func() error {
		variables := os.Environ()
		sort.Strings(variables)
		return want(variables, "[FROM_HOST=by the host MODE=probe TMPDIR=/memory]")
	}
	checks["process/arguments"] = func() error { return want(os.Args[0], "probe") }
	checks["process/executable"] = func() error {
		path, err := os.Executable()
		return all(err, want(path, "/probe"))
	}
	checks["process/host name"] = func() error {
		name, err := os.Hostname()
		return all(err, want(name, "probe"))
	}
	checks["process/exec refused"] = func() error {
		err := exec.Command("/bin/true").Run()
		_, err2 := exec.LookPath("true")
		_, err3 := os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{})
		err4 := syscall.Exec("/bin/true", []string{"true"}, nil)
		return all(want(err != nil, true), want(errors.Is(err2, exec.ErrNotFound), true), want(errors.Is(err3, syscall.EPERM), true), want(err4, syscall.EPERM))
	}
	checks["process/nil dereference recovers"] = func() error {
		defer func() { recover() }()
		var p *int
		*p = 1
		return errors.New("it went on")
	}
	checks["process/goroutines and timers"] = func() error {
		var count atomic.Int32
		var group sync.WaitGroup
		for i := 0; i < 1000; i++ {
			group.Add(1)
			go func() { defer group.Done(); time.Sleep(time.Millisecond); count.Add(1) }()
		}
		group.Wait()
		runtime.GC()
		return want(count.Load(), 1000)
	}
	checks["process/preemption"] = func() error {
		stop := time.After(20 * time.Millisecond)
		var spins atomic.Int64
		go func() {
			for spins.Load() >= 0 {
				spins.Add(1)
			}
		}()
		<-stop
		spins.Store(-1 << 40)
		return nil
	}
	checks["process/signals"] = func() error {
		ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		cancel()
		return want(ctx.Err(), context.Canceled)
	}
	checks["process/user"] = func() error {
		_, err := user.Current()
		_ = err // whatever it is, it must not stop the program
		return nil
	}
	checks["process/time zone"] = func() error { return want(time.Now().Format("MST"), "UTC") }
	checks["process/log"] = func() error {
		log.New(os.Stderr, "", 0).Print("to standard error")
		fmt.Fprint(os.Stdout, "two ", "parts\n")
		return nil
	}
	checks["process/build info"] = func() error {
		info, ok := debug.ReadBuildInfo()
		if !ok {
			return errors.New("none")
		}
		for _, setting := range info.Settings {
			if setting.Key == "CGO_ENABLED" {
				return want(setting.Value, "0")
			}
		}
		return errors.New("no setting")
	}
	checks["process/json and maps"] = func() error {
		text, err := json.Marshal(map[string]any{"b": 1, "a": []int{1}})
		return all(err, want(string(text), `{"a":[1],"b":1}`))
	}
}

// certificate is a self-signed one.
func certificate() tls.Certificate {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, _ := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// serve is what the host's clients use: HTTPS on a declared port, and an echo on another.
func serve() {
	go func() {
		l, err := net.Listen("tcp", ":8090")
		if err != nil {
			fmt.Println("FAIL echo:", err)
			return
		}
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				io.Copy(c, c)
				c.(*net.TCPConn).CloseWrite()
				c.Close()
			}()
		}
	}()
	mux := http.NewServeMux()
	mux.HandleFunc("/remote", func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		fmt.Fprint(w, host)
	})
	mux.HandleFunc("/large", func(w http.ResponseWriter, r *http.Request) { w.Write(bytes.Repeat([]byte("0123456789abcdef"), 1<<16)) })
	mux.HandleFunc("/count", func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n)
	})
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "/data/large.bin") })
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("client is there")
		<-r.Context().Done()
		fmt.Println("client went away")
	})
	mux.HandleFunc("/quit", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "bye")
		go func() {
			time.Sleep(50 * time.Millisecond)
			fmt.Print("unfinished line")
			os.Exit(int(strings.Count(r.URL.RawQuery, "x")))
		}()
	})
	server := &http.Server{Addr: ":8080", Handler: mux, TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate()}}}
	fmt.Println("serving")
	fmt.Println("ended", server.ListenAndServeTLS("", ""))
}
