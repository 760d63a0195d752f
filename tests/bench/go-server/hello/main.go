// The program whose start `npm run bench -- go` measures.
package main

import "fmt"

func main() { fmt.Println("hello") }
