package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/rpc"
	"net/textproto"
	"net/url"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

func get(address string) (string, error) {
	response, err := http.Get(address)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return fmt.Sprint(response.StatusCode, " ", string(body)), err
}

// loop gives both ends of a connection in memory.
func loop(network, address string) (client, server net.Conn, err error) {
	l, err := net.Listen(network, address)
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	done := make(chan error, 1)
	go func() {
		var err error
		server, err = l.Accept()
		done <- err
	}()
	if client, err = net.Dial(network, l.Addr().String()); err != nil {
		return nil, nil, err
	}
	return client, server, <-done
}

func init() {
	checks["net/declared name"] = func() error {
		body, err := get("http://peer.example:8081/hello")
		return all(err, want(body, "200 hello"))
	}
	checks["net/declared by its name"] = func() error {
		body, err := get("http://peer:8081/hello")
		return all(err, want(body, "200 hello"))
	}
	checks["net/large body"] = func() error {
		response, err := http.Get("http://peer.example:8081/large")
		if err != nil {
			return err
		}
		defer response.Body.Close()
		n, err := io.Copy(io.Discard, response.Body)
		return all(err, want(n, 4<<20))
	}
	checks["net/post large body"] = func() error {
		response, err := http.Post("http://peer.example:8081/count", "text/plain", bytes.NewReader(make([]byte, 3<<20)))
		if err != nil {
			return err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return all(err, want(string(body), "3145728"))
	}
	checks["net/resolver"] = func() error {
		addresses, err := net.LookupHost("peer.example")
		if err != nil {
			return err
		}
		ip := netip.MustParseAddr(addresses[0])
		if !netip.MustParsePrefix("198.18.0.0/15").Contains(ip) {
			return fmt.Errorf("address %v", ip)
		}
		names, err := net.LookupAddr(addresses[0])
		cname, err2 := net.LookupCNAME("peer.example")
		ips, err3 := net.DefaultResolver.LookupNetIP(context.Background(), "ip4", "PEER.example.")
		return all(err, err2, err3, want(names, "[peer.example.]"), want(cname, "peer.example."), want(ips[0].Unmap(), ip))
	}
	checks["net/undeclared name says the line"] = func() error {
		_, err := net.LookupHost("other.example")
		var dns *net.DNSError
		if !errors.As(err, &dns) || !dns.IsNotFound {
			return fmt.Errorf("%T %v", err, err)
		}
		_, err2 := get("https://other.example/")
		return all(says(err, `"host": "other.example"`), says(err2, `to "connect"`))
	}
	checks["net/undeclared port"] = func() error {
		_, err := net.Dial("tcp", "peer.example:9999")
		return all(says(err, "connect: permission denied"), want(errors.Is(err, os.ErrPermission), true))
	}
	checks["net/undeclared address"] = func() error {
		_, err := net.Dial("tcp", "192.0.2.7:80")
		_, err6 := net.Dial("tcp", "[2001:db8::1]:80")
		return all(says(err, "connect: permission denied"), says(err6, "connect: permission denied"))
	}
	checks["net/declared address"] = func() error {
		body, err := get("http://203.0.113.9:8082/hello")
		return all(err, want(body, "200 hello"))
	}
	checks["net/destination that refuses"] = func() error {
		_, err := net.Dial("tcp", "closed.example:8083")
		return all(says(err, "connection refused"), want(errors.Is(err, syscall.ECONNREFUSED), true))
	}
	checks["net/undeclared listen"] = func() error {
		_, err := net.Listen("tcp", ":9090")
		return says(err, "bind: permission denied")
	}
	checks["net/listen at an address of others"] = func() error {
		_, err := net.Listen("tcp", "192.0.2.1:0")
		return says(err, "cannot assign requested address")
	}
	checks["net/no dns records"] = func() error {
		_, err := net.LookupMX("example.com")
		_, _, err2 := net.LookupSRV("xmpp", "tcp", "example.com")
		_, err3 := net.LookupTXT("example.com")
		_, err4 := net.LookupNS("example.com")
		return all(says(err, "no DNS records"), says(err2, "no DNS records"), says(err3, "no DNS records"), says(err4, "no DNS"))
	}
	checks["net/ports by name"] = func() error {
		port, err := net.LookupPort("tcp", "https")
		return all(err, want(port, 443))
	}
	checks["net/udp refused"] = func() error {
		_, err := net.Dial("udp", "192.0.2.1:53")
		_, err2 := net.ListenPacket("udp", "127.0.0.1:0")
		return all(says(err, "operation not permitted"), says(err2, "operation not permitted"))
	}
	checks["net/unix refused"] = func() error {
		_, err := net.Dial("unix", "/run/x.sock")
		_, err2 := net.Listen("unix", "/tmp/x.sock")
		return all(says(err, "operation not permitted"), says(err2, "operation not permitted"))
	}
	checks["net/raw refused"] = func() error {
		_, err := net.Dial("ip4:icmp", "192.0.2.1")
		_, err2 := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW, 0)
		_, err3 := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
		return all(says(err, "operation not permitted"), want(err2, syscall.EPERM), want(err3, syscall.EPERM))
	}
	checks["net/interfaces"] = func() error {
		all, err := net.Interfaces()
		if err != nil || len(all) != 1 {
			return fmt.Errorf("%v %v", all, err)
		}
		addresses, err := net.InterfaceAddrs()
		return want(fmt.Sprint(addresses, err), "[127.0.0.1/8] <nil>")
	}
	checks["loop/httptest"] = func() error {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) }))
		defer s.Close()
		body, err := get(s.URL + "/in-memory")
		return all(err, want(body, "200 /in-memory"))
	}
	checks["loop/httptest tls and http2"] = func() error {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) }))
		s.EnableHTTP2 = true
		s.StartTLS()
		defer s.Close()
		response, err := s.Client().Get(s.URL)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(response.Body)
		return all(err, want(string(body), "HTTP/2.0"))
	}
	checks["loop/addresses"] = func() error {
		client, server, err := loop("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer client.Close()
		defer server.Close()
		return all(want(client.LocalAddr(), server.RemoteAddr()), want(client.RemoteAddr(), server.LocalAddr()),
			want(server.RemoteAddr().(*net.TCPAddr).IP, "127.0.0.1"))
	}
	checks["loop/ipv6"] = func() error {
		client, server, err := loop("tcp6", "[::1]:0")
		if err != nil {
			return err
		}
		defer server.Close()
		return all(client.Close(), want(server.RemoteAddr().(*net.TCPAddr).IP, "::1"))
	}
	checks["loop/any port on all addresses"] = func() error {
		l, err := net.Listen("tcp", ":0")
		if err != nil {
			return err
		}
		defer l.Close()
		port := l.Addr().(*net.TCPAddr).Port
		c, err := net.Dial("tcp", fmt.Sprint("localhost:", port))
		if err != nil {
			return err
		}
		_, err2 := net.Listen("tcp", l.Addr().String())
		return all(c.Close(), says(err2, "address already in use"), want(l.Addr().(*net.TCPAddr).IP, "::"))
	}
	checks["loop/refused"] = func() error {
		_, err := net.Dial("tcp", "127.0.0.1:7")
		return says(err, "connection refused")
	}
	checks["loop/port is free after close"] = func() error {
		for i := 0; i < 3; i++ {
			l, err := net.Listen("tcp", "127.0.0.1:7777")
			if err != nil {
				return err
			}
			l.Close()
		}
		_, err := net.Dial("tcp", "127.0.0.1:7777")
		return says(err, "refused")
	}
	checks["loop/read deadline"] = func() error {
		client, server, err := loop("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer client.Close()
		defer server.Close()
		client.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		_, err = client.Read(make([]byte, 1))
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("%v", err)
		}
		client.SetReadDeadline(time.Time{})
		server.Write([]byte("x"))
		n, err := client.Read(make([]byte, 1))
		return all(err, want(n, 1))
	}
	checks["loop/write deadline"] = func() error {
		client, server, err := loop("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer client.Close()
		defer server.Close()
		client.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
		_, err = client.Write(make([]byte, 8<<20))
		return want(errors.Is(err, os.ErrDeadlineExceeded), true)
	}
	checks["loop/accept deadline"] = func() error {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		l.(*net.TCPListener).SetDeadline(time.Now().Add(20 * time.Millisecond))
		_, err = l.Accept()
		return want(errors.Is(err, os.ErrDeadlineExceeded), true)
	}
	checks["loop/close ends accept and read"] = func() error {
		l, _ := net.Listen("tcp", "127.0.0.1:0")
		ended := make(chan error, 2)
		go func() { _, err := l.Accept(); ended <- err }()
		l.Close()
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("accept: %v", err)
		}
		client, server, err := loop("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer server.Close()
		go func() { _, err := client.Read(make([]byte, 1)); ended <- err }()
		client.Close()
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("read: %v", err)
		}
		_, err = server.Read(make([]byte, 1))
		return want(err, io.EOF)
	}
	checks["loop/half close"] = func() error {
		client, server, err := loop("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		go func() {
			request, _ := io.ReadAll(server)
			server.Write(bytes.ToUpper(request))
			server.Close()
		}()
		client.Write([]byte("half"))
		if err := client.(*net.TCPConn).CloseWrite(); err != nil {
			return err
		}
		answer, err := io.ReadAll(client)
		return all(err, want(string(answer), "HALF"))
	}
	checks["loop/close read"] = func() error {
		client, server, err := loop("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer server.Close()
		if err := client.(*net.TCPConn).CloseRead(); err != nil {
			return err
		}
		_, err = client.Read(make([]byte, 1))
		return want(err, io.EOF)
	}
	checks["loop/tcp options"] = func() error {
		client, server, err := loop("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer server.Close()
		c, ok := client.(*net.TCPConn)
		if !ok {
			return fmt.Errorf("%T", client)
		}
		return all(c.SetNoDelay(true), c.SetKeepAlive(true), c.SetKeepAlivePeriod(time.Minute), c.SetLinger(0),
			c.SetReadBuffer(1<<16), c.SetWriteBuffer(1<<16), c.SetDeadline(time.Time{}), c.Close())
	}
	checks["loop/syscall conn"] = func() error {
		client, server, err := loop("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer client.Close()
		defer server.Close()
		raw, err := client.(*net.TCPConn).SyscallConn()
		if err != nil {
			return err
		}
		var kind int
		var failed error
		err = raw.Control(func(fd uintptr) { kind, failed = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TYPE) })
		server.Write([]byte("raw"))
		got := make([]byte, 8)
		n := 0
		err2 := raw.Read(func(fd uintptr) bool {
			var err error
			n, err = syscall.Read(int(fd), got)
			return err != syscall.EAGAIN
		})
		return all(err, failed, err2, want(kind, syscall.SOCK_STREAM), want(string(got[:max(n, 0)]), "raw"))
	}
	checks["loop/file of a connection"] = func() error {
		client, server, err := loop("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer server.Close()
		file, err := client.(*net.TCPConn).File()
		if err != nil {
			return err
		}
		client.Close()
		again, err := net.FileConn(file)
		if err != nil {
			return err
		}
		file.Close()
		server.Write([]byte("dup"))
		got := make([]byte, 3)
		_, err = io.ReadFull(again, got)
		return all(err, want(string(got), "dup"), again.Close())
	}
	checks["loop/blocking file of a connection"] = func() error {
		client, server, err := loop("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer server.Close()
		defer client.Close()
		file, err := client.(*net.TCPConn).File()
		if err != nil {
			return err
		}
		defer file.Close()
		file.Fd() // from here on it blocks
		go func() {
			time.Sleep(10 * time.Millisecond)
			server.Write([]byte("later"))
		}()
		got := make([]byte, 5)
		_, err = io.ReadFull(file, got)
		return all(err, want(string(got), "later"))
	}
	checks["loop/buffers"] = func() error {
		client, server, err := loop("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer server.Close()
		parts := net.Buffers{}
		for i := 0; i < 2000; i++ {
			parts = append(parts, []byte(strings.Repeat("x", i%50)))
		}
		go func() { parts.WriteTo(client); client.Close() }()
		n, err := io.Copy(io.Discard, server)
		return all(err, want(n, 2000/50*(49*50/2)))
	}
	checks["loop/copy between connections"] = func() error {
		a, b, err := loop("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		c, d, err := loop("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		go func() { io.Copy(c, b); c.Close() }() // TCPConn.ReadFrom: splice(2) elsewhere
		go func() { a.Write(make([]byte, 1<<20)); a.Close() }()
		n, err := io.Copy(io.Discard, d)
		return all(err, want(n, 1<<20))
	}
	checks["loop/many connections and bytes"] = func() error {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() { io.Copy(c, c); c.Close() }()
			}
		}()
		var group sync.WaitGroup
		failures := make(chan error, 64)
		for i := 0; i < 64; i++ {
			group.Add(1)
			go func() {
				defer group.Done()
				failures <- echo(l.Addr().String(), 300_000)
			}()
		}
		group.Wait()
		close(failures)
		for err := range failures {
			if err != nil {
				return err
			}
		}
		return nil
	}
	checks["net/context that is over"] = func() error {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err := (&net.Dialer{}).DialContext(ctx, "tcp", "peer.example:8081")
		return says(err, "operation was canceled")
	}
	checks["loop/dialer control"] = func() error {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		called := false
		d := net.Dialer{Control: func(network, address string, c syscall.RawConn) error {
			called = true
			var err error
			c.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1) })
			return err
		}}
		c, err := d.Dial("tcp", l.Addr().String())
		if err != nil {
			return err
		}
		return all(c.Close(), want(called, true))
	}
	checks["loop/hijack and reverse proxy"] = func() error {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, buffered, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			buffered.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhijack")
			buffered.Flush()
			c.Close()
		}))
		defer s.Close()
		target, _ := url.Parse(s.URL)
		proxy := httptest.NewServer(httputil.NewSingleHostReverseProxy(target))
		defer proxy.Close()
		body, err := get(proxy.URL)
		return all(err, want(body, "200 hijack"))
	}
	checks["loop/rpc"] = func() error {
		client, server, err := loop("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		s := rpc.NewServer()
		s.Register(new(Sum))
		go s.ServeConn(server)
		c := rpc.NewClient(client)
		defer c.Close()
		var result int
		err = c.Call("Sum.Of", []int{1, 2, 3}, &result)
		return all(err, want(result, 6))
	}
	checks["loop/textproto"] = func() error {
		client, server, err := loop("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		go func() { fmt.Fprint(server, "220 ready\r\n"); server.Close() }()
		_, message, err := textproto.NewConn(client).ReadResponse(220)
		return all(err, want(message, "ready"))
	}
	checks["loop/server shutdown"] = func() error {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		s := &http.Server{}
		ended := make(chan error, 1)
		go func() { ended <- s.Serve(l) }()
		get("http://" + l.Addr().String())
		err = s.Shutdown(context.Background())
		return all(err, want(<-ended, http.ErrServerClosed))
	}
	checks["net/own port from inside"] = func() error {
		l, err := net.Listen("tcp", "0.0.0.0:8080")
		if err != nil {
			return err
		}
		defer l.Close()
		go func() { c, _ := l.Accept(); fmt.Fprint(c, "own"); c.Close() }()
		c, err := net.Dial("tcp", "localhost:8080")
		if err != nil {
			return err
		}
		text, err := bufio.NewReader(c).ReadString('\n')
		return all(want(text, "own"), want(err, io.EOF), c.Close())
	}
	checks["net/tls to a declared name"] = func() error {
		c, err := tls.Dial("tcp", "peer.example:8443", &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			return err
		}
		fmt.Fprint(c, "tls\n")
		text, err := bufio.NewReader(c).ReadString('\n')
		return all(err, want(text, "tls\n"), c.Close())
	}
}

// Sum is served by net/rpc.
type Sum struct{}

// Of adds.
func (*Sum) Of(numbers []int, result *int) error {
	for _, n := range numbers {
		*result += n
	}
	return nil
}

func echo(address string, size int) error {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	sent := make([]byte, size)
	rand.Read(sent)
	go func() { c.Write(sent); c.(*net.TCPConn).CloseWrite() }()
	got, err := io.ReadAll(c)
	return all(err, want(sha256.Sum256(got), sha256.Sum256(sent)))
}
