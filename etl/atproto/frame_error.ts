/** An error of a frame, its CAR file or a record; the message holds none of its content. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}
