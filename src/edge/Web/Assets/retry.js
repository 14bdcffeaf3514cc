// How long an answer is waited for, and how it is asked for again.

/** A link may hang without an end of its own; what has not come by now counts as no answer. */
export const answerMaxMs = 15_000;

export const triesMax = 8;
const pauseMaxMs = 30_000;

/** Up to half as much again, so that a crowd does not come back together. */
export const spread = (ms, random = Math.random) => ms * (1 + random() / 2);

/** The pause before the next try: Retry-After, or a doubling one. */
export const pauseMs = (problem, attempt, random) => spread(Math.min((problem.retryAfter ?? 2 ** (attempt - 1)) * 1_000, pauseMaxMs), random);
