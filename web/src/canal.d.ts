declare module "canal-viewer/canal.js" {
  export function mountCanal(element: HTMLElement, data: unknown): { show(frame: number): void; play(): void; pause(): void; remove(): void };
}
