// What may stand for a service in the address of the AWS console.

/** As in `ec2` and `s3`; nothing that could be another path or host. */
export const CONSOLE_SERVICE = /^[a-z0-9][a-z0-9-]{0,62}$/;
