// Calls the daemon's local API with this page's token.

/** An error answer of the daemon. */
class ApiError extends Error {
  /** @param {{ code: string, message: string, hint: string }} body */
  constructor({ code, message, hint }) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** @typedef {ReturnType<typeof createApi>} Api */

/** `token` is called for each request. @param {{ token: () => string, fetch: typeof globalThis.fetch }} deps */
export function createApi(deps) {
  /**
   * @param {string} path
   * @param {{ method?: string, headers?: Record<string, string>, body?: string, signal?: AbortSignal }} [options]
   */
  const request = (path, options = {}) =>
    deps.fetch(path, {
      cache: 'no-store',
      credentials: 'omit',
      ...options,
      headers: { ...options.headers, authorization: `Bearer ${deps.token()}` },
    });

  return {
    request,
    /**
     * The answer's document; undefined for an empty answer.
     * @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<any>}
     */
    async call(method, path, body) {
      let response;
      try {
        response = await request(path, {
          method,
          ...(body === undefined
            ? {}
            : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
        });
      } catch {
        throw new ApiError({
          code: 'daemon-not-running',
          message: 'The daemon does not answer.',
          hint: 'rolecall web',
        });
      }
      const text = await response.text();
      const document = text === '' ? undefined : JSON.parse(text);
      if (!response.ok) throw new ApiError(document);
      return document;
    },
  };
}

/** @param {string} session */
export const sessionPath = (session) => `/v1/sessions/${encodeURIComponent(session)}`;
