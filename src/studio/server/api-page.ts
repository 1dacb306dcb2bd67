/** The page to try the API, by Swagger UI; its files lie beside the studio's page. */

/** Where the build puts Swagger UI and its start. */
export const swaggerFolder = "/swagger";

export const apiPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Palette studio: API</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="${swaggerFolder}/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="${swaggerFolder}/swagger-ui-bundle.js"></script>
<script src="${swaggerFolder}/start.js"></script>
</body>
</html>
`;
