// The default template for profile names.

export const DEFAULT_NAME_TEMPLATE = '{account_name}.{permission_set}';
