// The form of a service name in the address of the AWS console.

/** For example `ec2` or `s3`; nothing that could be another path or host. */
export const CONSOLE_SERVICE = /^[a-z0-9][a-z0-9-]{0,62}$/;
