/** What Vite makes of a picture: its address. */
declare module "*.jpg" {
  const address: string;
  export default address;
}
