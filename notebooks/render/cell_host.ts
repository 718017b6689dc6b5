/**
 * The process of a notebook's cells: runs the module that comes on stdin.
 *
 * Deno loads what the first module names without asking for leave to read it, literal dynamic imports
 * included. So the cells are no part of the first module: all that they import is asked for.
 */
import "./output_channel.ts";

const module = await new Response(Deno.stdin.readable).blob();
await import(URL.createObjectURL(new Blob([module], { type: "application/typescript" })));
