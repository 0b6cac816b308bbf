//! What a browser and a system are called, as far as this server knows them.

use crate::identity::named::named;
use crate::identity::request_context::UserAgent;

named! {
    /// A browser.
    Browser {
        Edge = "Edge",
        Opera = "Opera",
        SamsungInternet = "Samsung Internet",
        Firefox = "Firefox",
        Chrome = "Chrome",
        Safari = "Safari",
    }
}

named! {
    /// An operating system.
    System {
        IPhone = "iPhone",
        IPad = "iPad",
        Android = "Android",
        ChromeOs = "ChromeOS",
        Windows = "Windows",
        MacOs = "macOS",
        Linux = "Linux",
    }
}

/// What gives a browser away, the most telling first: most browsers claim to be others too.
const BROWSERS: [(&str, Browser); 11] = [
    ("Edg/", Browser::Edge),
    ("EdgA/", Browser::Edge),
    ("EdgiOS/", Browser::Edge),
    ("OPR/", Browser::Opera),
    ("SamsungBrowser/", Browser::SamsungInternet),
    ("Firefox/", Browser::Firefox),
    ("FxiOS/", Browser::Firefox),
    ("CriOS/", Browser::Chrome),
    ("Chrome/", Browser::Chrome),
    ("Chromium/", Browser::Chrome),
    ("Safari/", Browser::Safari),
];

const SYSTEMS: [(&str, System); 7] = [
    ("iPhone", System::IPhone),
    ("iPad", System::IPad),
    ("Android", System::Android),
    ("CrOS", System::ChromeOs),
    ("Windows", System::Windows),
    ("Mac OS X", System::MacOs),
    ("Linux", System::Linux),
];

#[must_use]
pub fn browser(agent: &UserAgent) -> Option<Browser> {
    first(&BROWSERS, agent)
}

#[must_use]
pub fn system(agent: &UserAgent) -> Option<System> {
    first(&SYSTEMS, agent)
}

fn first<T: Copy>(marks: &[(&str, T)], agent: &UserAgent) -> Option<T> {
    marks.iter().find(|(mark, _)| agent.as_str().contains(mark)).map(|(_, known)| *known)
}

#[cfg(test)]
mod tests {
    use super::{Browser, System, browser, system};
    use crate::identity::request_context::UserAgent;

    #[test]
    fn the_usual_agents_are_known() {
        let known = |text: &str| (browser(&UserAgent::new(text)), system(&UserAgent::new(text)));
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0";
        assert_eq!(known(edge), (Some(Browser::Edge), Some(System::Windows)));
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1";
        assert_eq!(known(phone), (Some(Browser::Safari), Some(System::IPhone)));
        let fox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
        assert_eq!(known(fox), (Some(Browser::Firefox), Some(System::Linux)));
        assert_eq!(known("curl/8.5.0 https://example.org"), (None, None));
    }
}
