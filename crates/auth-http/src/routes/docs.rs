//! The OpenAPI document, and Swagger UI to try it. All of it is part of the program; nothing is loaded from elsewhere.

use std::{
    convert::Infallible,
    io::Read,
    sync::{LazyLock, OnceLock},
};

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    body::SizedStream,
    http::header::{self, AcceptEncoding, CacheDirective, ContentEncoding, Encoding, EntityTag, Header, HeaderValue},
    web::{Bytes, Data, Path},
};
use flate2::read::GzDecoder;
use futures_util::{Stream, stream};

use crate::web::{etag, problem::Problem};

/// The page may load from this server, and from nowhere else. No inline script; `data:` for the images of its style sheet.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A static file.
struct Asset {
    media: &'static str,
    stored: Stored,
    tag: String,
}

enum Stored {
    Plain(&'static [u8]),
    /// Compressed, and unpacked once a client needs that.
    Gzip(&'static [u8], OnceLock<Bytes>),
}

/// The document.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "api_document",
    responses(
        (status = 200, description = "An OpenAPI 3.1 document.", body = Value, example = json!({ "openapi": "3.1.0" })),
        (status = 304, description = "`If-None-Match` has it."),
    ),
)]
pub(crate) async fn document(document: Data<ApiDocument>, request: HttpRequest) -> HttpResponse {
    document.asset.get_or_init(|| Asset::new("application/json", Stored::Plain((document.write)().as_bytes()))).serve(&request)
}

/// The document as the server hands it in: this room does not describe itself. Written when somebody first asks.
pub(crate) struct ApiDocument {
    write: fn() -> &'static str,
    asset: OnceLock<Asset>,
}

impl ApiDocument {
    #[must_use]
    pub(crate) fn written_by(write: fn() -> &'static str) -> Self {
        Self { write, asset: OnceLock::new() }
    }
}

/// The page.
#[utoipa::path(
    get, path = "/docs", operation_id = "docs_page",
    responses(
        (status = 200, description = "A page to try the API.", body = String, content_type = "text/html"),
        (status = 304, description = "`If-None-Match` has it."),
    ),
)]
pub(crate) async fn page(request: HttpRequest) -> HttpResponse {
    static PAGE: LazyLock<Asset> =
        LazyLock::new(|| Asset::new(HTML, Stored::Plain(include_bytes!("../../assets/docs/index.html"))));
    let mut response = PAGE.serve(&request);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
    response
}

/// A file of the page.
#[utoipa::path(
    get, path = "/docs/{file}", operation_id = "docs_file",
    params(("file" = String, Path, description = "As the page names it.", example = "page.js")),
    responses(
        (status = 200, description = "The file.", content((String = "text/css"), (String = "text/javascript"))),
        (status = 304, description = "`If-None-Match` has it."),
    ),
)]
pub(crate) async fn file(request: HttpRequest, name: Path<String>) -> Result<HttpResponse, Problem> {
    let found = FILES.iter().find(|(known, _)| *known == name.as_str());
    found.map(|(_, asset)| asset.serve(&request)).ok_or_else(Problem::not_found)
}

static FILES: LazyLock<[(&str, Asset); 4]> = LazyLock::new(|| {
    let plain = Stored::Plain;
    let gzip = |bytes| Stored::Gzip(bytes, OnceLock::new());
    [
        ("page.js", Asset::new(SCRIPT, plain(include_bytes!("../../assets/docs/page.js")))),
        ("page.css", Asset::new(CSS, plain(include_bytes!("../../assets/docs/page.css")))),
        ("swagger-ui.css", Asset::new(CSS, gzip(include_bytes!("../../assets/swagger-ui/swagger-ui.css.gz")))),
        ("swagger-ui-bundle.js", Asset::new(SCRIPT, gzip(include_bytes!("../../assets/swagger-ui/swagger-ui-bundle.js.gz")))),
    ]
});

impl Asset {
    fn new(media: &'static str, stored: Stored) -> Self {
        let (Stored::Plain(bytes) | Stored::Gzip(bytes, _)) = &stored;
        let tag = etag::tag_of(bytes);
        Self { media, stored, tag }
    }

    /// Clients ask again each time, and get it again only when it has changed: after an upgrade.
    fn serve(&self, request: &HttpRequest) -> HttpResponse {
        let zipped = takes_gzip(request);
        let (body, encoding) = match &self.stored {
            Stored::Plain(bytes) => (Bytes::from_static(bytes), None),
            Stored::Gzip(bytes, _) if zipped => (Bytes::from_static(bytes), Some(ContentEncoding::Gzip)),
            Stored::Gzip(bytes, plain) => (plain.get_or_init(|| unzip(bytes)).clone(), None),
        };
        // Two forms of one file have two tags (RFC 9110 section 8.8.3.3).
        let suffix = if encoding.is_some() { "-gzip" } else { "" };
        let tag = EntityTag::new_strong(format!("{}{suffix}", self.tag));
        let whole = |mut response: HttpResponseBuilder| {
            if let Some(encoding) = encoding {
                response.insert_header(encoding);
            }
            Ok::<_, Infallible>(response.content_type(self.media).body(in_pieces(body)))
        };
        let Ok(mut response) = etag::answer(request, tag, vec![CacheDirective::NoCache], whole);
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        response
    }
}

/// What a client has yet to take is copied for its connection: so much at a time.
const PIECE: usize = 32 * 1024;

fn in_pieces(bytes: Bytes) -> SizedStream<impl Stream<Item = Result<Bytes, Infallible>>> {
    let length = bytes.len();
    let pieces = (0..length).step_by(PIECE).map(move |at| Ok(bytes.slice(at..length.min(at + PIECE))));
    SizedStream::new(u64::try_from(length).unwrap_or(u64::MAX), stream::iter(pieces))
}

fn unzip(bytes: &[u8]) -> Bytes {
    let mut plain = Vec::new();
    // Ours: a test unpacks each.
    drop(GzDecoder::new(bytes).read_to_end(&mut plain));
    plain.into()
}

fn takes_gzip(request: &HttpRequest) -> bool {
    AcceptEncoding::parse(request)
        .is_ok_and(|accepted| accepted.negotiate([Encoding::gzip(), Encoding::identity()].iter()) == Some(Encoding::gzip()))
}
