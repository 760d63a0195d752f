// Renders charts as Helm does: with Go's text/template, the functions of Sprig, and what Helm sets. It reads JSON lines
// {"chart": FOLDER, "values": {...}, "release": {"Name": ..., "Namespace": ...}} and writes one JSON text for each, the
// files one after the other. Values of the chart's values.yaml come with the request: there is no reader of YAML here.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
)

type request struct {
	Chart   string
	Values  map[string]interface{}
	Release map[string]interface{}
}

// Helm holds values to the schema first, with Go's regular expressions: one that these do not take keeps every value out.
func checkPatterns(chart string) error {
	text, err := os.ReadFile(filepath.Join(chart, "values.schema.json"))
	if err != nil {
		return err
	}
	var schema interface{}
	if err := json.Unmarshal(text, &schema); err != nil {
		return err
	}
	return eachPattern(schema)
}

func eachPattern(node interface{}) error {
	switch value := node.(type) {
	case map[string]interface{}:
		if pattern, ok := value["pattern"].(string); ok {
			if _, err := regexp.Compile(pattern); err != nil {
				return err
			}
		}
		for _, part := range value {
			if err := eachPattern(part); err != nil {
				return err
			}
		}
	case []interface{}:
		for _, part := range value {
			if err := eachPattern(part); err != nil {
				return err
			}
		}
	}
	return nil
}

func render(asked request) (string, error) {
	if err := checkPatterns(asked.Chart); err != nil {
		return "", err
	}
	files, err := filepath.Glob(filepath.Join(asked.Chart, "templates", "*.yaml"))
	if err != nil {
		return "", err
	}
	sort.Strings(files)
	var out bytes.Buffer
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		// As Helm's engine: a value that is not there is an error with --strict; here always.
		parsed, err := template.New(file).Option("missingkey=error").Funcs(sprig.TxtFuncMap()).Parse(string(text))
		if err != nil {
			return "", err
		}
		var one bytes.Buffer
		data := map[string]interface{}{"Values": asked.Values, "Release": asked.Release}
		if err := parsed.Execute(&one, data); err != nil {
			return "", err
		}
		if strings.TrimSpace(one.String()) != "" {
			fmt.Fprintf(&out, "---\n%s", one.String())
		}
	}
	return out.String(), nil
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<24)
	answers := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var asked request
		if err := json.Unmarshal(in.Bytes(), &asked); err != nil {
			panic(err)
		}
		text, err := render(asked)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := answers.Encode(text); err != nil {
			panic(err)
		}
	}
}
