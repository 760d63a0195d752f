package core

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// The packages that internal/poll may import in every version of Go.
var allowedImports = map[string]bool{"errors": true, "io": true, "runtime": true, "sync": true, "sync/atomic": true, "syscall": true,
	"time": true, "unsafe": true}

// The overlay copies the files of this package into internal/poll: no name may be there already.
func TestNamesOfTheOverlay(t *testing.T) {
	ours := parsed(t, "enclos_*.go")
	if len(ours) == 0 {
		t.Fatal("no files")
	}
	for name, file := range ours {
		for _, spec := range file.Imports {
			if path := strings.Trim(spec.Path.Value, `"`); !allowedImports[path] {
				t.Errorf("%s imports %s", name, path)
			}
		}
		for _, declared := range declaredNames(file) {
			if !strings.HasPrefix(declared, "ec") && !strings.HasPrefix(declared, "Enclos") {
				t.Errorf("%s declares %s", name, declared)
			}
		}
	}
	for name, file := range parsed(t, filepath.Join(runtime.GOROOT(), "src", "internal", "poll", "*.go")) {
		for _, declared := range declaredNames(file) {
			if strings.HasPrefix(declared, "Enclos") || (strings.HasPrefix(declared, "ec") && declared[2] >= 'A' && declared[2] <= 'Z') {
				t.Errorf("internal/poll has %s in %s", declared, name)
			}
		}
	}
}

func parsed(t *testing.T, pattern string) map[string]*ast.File {
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*ast.File{}
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = file
	}
	return files
}

// declaredNames are those at package level; methods are not.
func declaredNames(file *ast.File) []string {
	var names []string
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				names = append(names, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					names = append(names, s.Name.Name)
				case *ast.ValueSpec:
					for _, name := range s.Names {
						names = append(names, name.Name)
					}
				}
			}
		}
	}
	return names
}
