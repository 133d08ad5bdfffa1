/** Compiled by pwa/compile.mjs: name ("app/today.html") → function of a context. */
declare module "zoufang:templates" {
  const templates: Record<string, (context: object) => string>;
  export default templates;
}
