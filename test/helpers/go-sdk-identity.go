// The AWS SDK for Go as a stranger's program: prints who STS says we are, by the SDK's own chain of providers.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func main() {
	settings, err := config.LoadDefaultConfig(context.Background(), config.WithCredentialsCacheOptions(
		func(options *aws.CredentialsCacheOptions) {
			// Of a profile's keys this SDK makes use until their very end, so that a call that is under way then
			// fails whoever gave them.
			options.ExpiryWindow = max(options.ExpiryWindow, 3*time.Second)
		},
	))
	if err != nil {
		fail(err)
	}
	// One client for as long as it is asked for, which has to notice by itself when its keys end.
	client := sts.NewFromConfig(settings)
	seconds, _ := strconv.Atoi(os.Getenv("ASK_FOR_SECONDS"))
	endsAt := time.Now().Add(time.Duration(seconds) * time.Second)
	for {
		identity, err := client.GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{})
		if err != nil {
			fail(err)
		}
		if !time.Now().Before(endsAt) {
			fmt.Println(*identity.Arn)
			return
		}
		time.Sleep(300 * time.Millisecond)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
