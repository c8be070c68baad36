import type { FieldError, Problem } from './types';

/** The server refused: problem details, or as much of them as came. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string | null,
    readonly errors: readonly FieldError[],
    /** Seconds after which to try again; null: the server did not say. */
    readonly retryAfterSeconds: number | null,
  ) {
    super(detail ? `${title} ${detail}` : title);
  }

  /** Made of an answer that is no success; never throws. */
  static async of(response: Response): Promise<ApiError> {
    const retryAfter = Number(response.headers.get('Retry-After') ?? NaN);
    const wait = Number.isFinite(retryAfter) ? retryAfter : null;
    let problem: Partial<Problem> = {};
    try {
      const body: unknown = await response.json();
      if (typeof body === 'object' && body !== null) problem = body;
    } catch {
      // A proxy between us and the server answers in its own words.
    }
    return new ApiError(
      response.status,
      problem.code ?? `http_${response.status}`,
      problem.title ?? `The server answered with status ${response.status}.`,
      problem.detail ?? null,
      problem.errors ?? [],
      wait,
    );
  }
}

/** The server cannot be reached. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';

  constructor(cause: unknown) {
    super('The server cannot be reached.', { cause });
  }
}

/** What to tell a person. */
export function wordsOf(error: unknown): string {
  if (error instanceof ApiError) {
    const fields = error.errors.map(({ field, message }) => (field ? `${field.replace(/^\//, '').replaceAll('/', ' › ')} ${message}` : message));
    const wait = error.status === 429 && error.retryAfterSeconds ? [`Try again in ${error.retryAfterSeconds} s.`] : [];
    return [fields.length > 0 ? `${fields.join('; ')}.` : error.message, ...wait].join(' ');
  }
  return error instanceof Error ? error.message : 'Something went wrong.';
}
