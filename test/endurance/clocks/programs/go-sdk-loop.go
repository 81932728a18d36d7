// The AWS SDK for Go as a program that runs for hours: asks STS who it is twice a second, and prints one line of JSON for each call.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

type outcome struct {
	Ok      bool   `json:"ok"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

func main() {
	settings, err := config.LoadDefaultConfig(context.Background(), config.WithCredentialsCacheOptions(
		func(options *aws.CredentialsCacheOptions) {
			// Of a profile's keys this SDK makes use until their very end, so that a call that is under way then
			// fails whoever gave them.
			options.ExpiryWindow = max(options.ExpiryWindow, 5*time.Second)
		},
	))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	client := sts.NewFromConfig(settings)
	for {
		_, err := client.GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{})
		line, _ := json.Marshal(describe(err))
		fmt.Println(string(line))
		time.Sleep(500 * time.Millisecond)
	}
}

func describe(err error) outcome {
	if err == nil {
		return outcome{Ok: true}
	}
	var answer smithy.APIError
	if errors.As(err, &answer) {
		return outcome{Code: answer.ErrorCode(), Message: err.Error()}
	}
	return outcome{Code: "failed", Message: err.Error()}
}
