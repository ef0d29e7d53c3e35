// Shows the document beside this page. A file of its own, so that the page needs no inline script.
const address = new URL("openapi.json", document.baseURI).href;
if (window.SwaggerUIBundle) {
  SwaggerUIBundle({ url: address, dom_id: "#docs", deepLinking: true, validatorUrl: null });
} else {
  Redoc.init(address, {}, document.querySelector("#docs"));
}
