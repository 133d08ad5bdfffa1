/** Precompiled by pwa/plugins.mjs: name ("app/today.html") → template. */
declare module "zoufang:templates" {
  const templates: Record<string, unknown>;
  export default templates;
}

/** The part of nunjucks that runs precompiled templates. */
declare module "nunjucks/browser/nunjucks-slim.js" {
  interface Slim {
    Environment: new (
      loader: unknown,
      options: { autoescape: boolean; trimBlocks: boolean; lstripBlocks: boolean; throwOnUndefined: boolean },
    ) => {
      addGlobal(name: string, value: unknown): void;
      addFilter(name: string, filter: (...args: never[]) => unknown): void;
      render(name: string, context: object): string;
    };
    PrecompiledLoader: new (templates: Record<string, unknown>) => unknown;
  }
  const slim: Slim;
  export default slim;
}
