/** Code of a module that exports name → function of a context, from name → source. Throws for what is outside the subset. */
export function compile(sources: Record<string, string>): string;
