// The default templates for profile names.

export const DEFAULT_NAME_TEMPLATE = '{account_name}.{permission_set}';
export const DEFAULT_CHAIN_TEMPLATE = '{account_name}.{role_name}';
