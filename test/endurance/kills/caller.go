// The container provider of AWS's SDK for Go: one fetch after the other, with its own retries, until the input ends.
package main

import (
	"context"
	"fmt"
	"io"
	"math/rand"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
)

func main() {
	over := make(chan bool)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		close(over)
	}()
	for {
		started := time.Now()
		// New settings have nothing cached.
		settings, err := config.LoadDefaultConfig(context.Background())
		if err == nil {
			_, err = settings.Credentials.Retrieve(context.Background())
		}
		took := time.Since(started).Milliseconds()
		if err == nil {
			fmt.Println("ok", took)
		} else {
			fmt.Printf("failed after %d ms: %s\n", took, strings.ReplaceAll(err.Error(), "\n", " "))
		}
		select {
		case <-over:
			return
		case <-time.After(time.Duration(100+rand.Intn(500)) * time.Millisecond):
		}
	}
}
