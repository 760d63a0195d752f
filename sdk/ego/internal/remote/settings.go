package remote

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	sdk "enclos.invalid/sdk/attestation"
	"enclos.invalid/sdk/collateral"
)

// The variables that EGo does not have: EGo trusts Intel alone, and asks the quote provider of the machine for collateral.
const (
	// rootsVariable names a file with the certificates of software roots, PEM, which are trusted besides Intel's. Without it none is.
	rootsVariable = "ENCLOS_EGO_ROOTS"
	// advisoriesVariable has the advisories that the user has dealt with, by id, with commas or spaces between them.
	advisoriesVariable = "ENCLOS_EGO_ADVISORIES"
	// collateralVariable names a file with collateral, or the address of a service with the interface of Intel's.
	collateralVariable = "ENCLOS_EGO_COLLATERAL"
)

const (
	mostFile     = 4 << 20
	fetchTimeout = time.Minute
	// keptFor bounds how long revocations that a service has published stay unknown here.
	keptFor  = time.Hour
	mostKept = 64
)

// readRoots reads certificates in PEM.
func readRoots(text []byte) ([]sdk.Root, error) {
	var roots []sdk.Root
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		root, err := sdk.SoftwareRoot(block.Bytes)
		if err != nil {
			return nil, err
		}
		roots = append(roots, root)
	}
	if len(roots) == 0 || strings.TrimSpace(string(text)) != "" {
		return nil, &sdk.Error{Code: "VERIFIER_MISUSED", Message: rootsVariable + " names a file that is not only certificates in PEM."}
	}
	return roots, nil
}

func readAdvisories(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// readFile reads a file that an environment variable names.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, mostFile+1))
	if err == nil && len(content) > mostFile {
		err = errors.New(path + " is too large")
	}
	return content, err
}

// Outside is for programs that are not enclaves: Intel's root and those of rootsVariable, the advisories of advisoriesVariable, and collateral
// by collateralVariable, or from Intel.
func Outside() *Trust {
	return &Trust{
		Roots: func() ([]sdk.Root, error) {
			roots := []sdk.Root{sdk.IntelRoot()}
			path := os.Getenv(rootsVariable)
			if path == "" {
				return roots, nil
			}
			text, err := readFile(path)
			if err != nil {
				return nil, err
			}
			others, err := readRoots(text)
			return append(roots, others...), err
		},
		Advisories: func() ([]string, error) { return readAdvisories(os.Getenv(advisoriesVariable)), nil },
		Collateral: named(func(origin *sdk.Origin) (*sdk.Endorsements, error) {
			if origin.Root.Kind() == sdk.RootIntel {
				return fetched(collateral.IntelURL, origin)
			}
			return nil, &sdk.Error{Code: "ENDORSEMENTS_NOT_FOUND",
				Message: "There is no collateral for a software platform: name a file or a service in " + collateralVariable + "."}
		}),
	}
}

// named gets collateral as collateralVariable says, and otherwise from fallback.
func named(fallback func(*sdk.Origin) (*sdk.Endorsements, error)) func(*sdk.Origin) (*sdk.Endorsements, error) {
	return func(origin *sdk.Origin) (*sdk.Endorsements, error) {
		where := os.Getenv(collateralVariable)
		switch {
		case where == "":
			return fallback(origin)
		case strings.HasPrefix(where, "https://"), strings.HasPrefix(where, "http://"):
			return fetched(where, origin)
		}
		text, err := readFile(where)
		if err != nil {
			return nil, err
		}
		return sdk.ParseCollateral(text)
	}
}

type place struct {
	address string
	origin  sdk.Origin
}

type keptCollateral struct {
	endorsements *sdk.Endorsements
	until        time.Time
}

var cache struct {
	sync.Mutex
	entries map[place]keptCollateral
}

func fetched(address string, origin *sdk.Origin) (*sdk.Endorsements, error) {
	return kept(address, origin, func() ([]byte, error) {
		source, err := collateral.NewSource(address, nil)
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
		defer cancel()
		return source.Fetch(ctx, origin)
	})
}

// kept remembers what get gave for an hour, or until it ends. address says where that is from.
func kept(address string, origin *sdk.Origin, get func() ([]byte, error)) (*sdk.Endorsements, error) {
	at := place{address, *origin}
	now := time.Now()
	cache.Lock()
	entry, has := cache.entries[at]
	cache.Unlock()
	if has && now.Before(entry.until) {
		return entry.endorsements, nil
	}
	text, err := get()
	if err != nil {
		return nil, err
	}
	endorsements, err := sdk.ParseCollateral(text)
	if err != nil {
		return nil, err
	}
	until := now.Add(keptFor)
	if next := endorsements.NextUpdate(); next.Before(until) {
		until = next
	}
	cache.Lock()
	defer cache.Unlock()
	if cache.entries == nil || len(cache.entries) >= mostKept {
		cache.entries = map[place]keptCollateral{}
	}
	cache.entries[at] = keptCollateral{endorsements, until}
	return endorsements, nil
}
