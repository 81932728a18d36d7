// What profiles are called as long as nobody says otherwise.

export const DEFAULT_NAME_TEMPLATE = '{account_name}.{permission_set}';
