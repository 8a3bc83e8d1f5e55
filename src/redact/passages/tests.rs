use super::*;

pub(super) fn masked(text: &str) -> String {
    let folded = Folded::new(text);
    let mut out = String::new();
    let mut from = 0;
    for secret in secrets(&folded).iter().map(|secret| folded.place(secret)) {
        if secret.start >= from {
            out += &text[from..secret.start];
            out += "*";
        }
        from = from.max(secret.end);
    }
    out + &text[from..]
}

#[test]
fn passages_that_hold_a_secret_are_found() {
    for (text, expected) in [
        ("https://b.oss/k?Expires=1&Signature=s%2F+&x", "https://b.oss/k?*"),
        ("get 'http://b/k?a=x'y z' done", "get 'http://b/k?* z' done"),
        ("/k?a=\"b\" /k?a=<b> /k?b", "/k?* /k?* /k?*"),
        ("/cb/https%3A%2F%2Fb%2Fk%3FSignature%3Db c", "/cb/https%3A%2F%2Fb%2Fk%3F* c"),
        ("?é=ü&ß=ä é", "?* é"),
        ("https://key:secret@b.oss/k", "https://*@b.oss/k"),
        ("troubleshoot?q=0026-00000001&a=b", "troubleshoot?*"),
        ("OSS4 Credential=AK/1/oss, Signature=abc", "OSS4 Credential=*"),
        ("Authorization: OSS AK:sig\nDate: now", "Authorization: *\nDate: now"),
        ("Authorization:\n  OSS AK:sig", "Authorization:\n  *"),
        ("Signature\t=\tabc", "Signature\t=\t*"),
        (r#"{"x-oss-security-token": "CAIS", "a": 1}"#, r#"{"x-oss-security-token": "*"#),
        (r#"{\"SecurityToken\":[\"CAIS\"]}"#, r#"{\"SecurityToken\":[\"*"#),
        ("<StringToSign>GET</StringToSign>", "<StringToSign>*"),
        ("access_key_id: a", "access_key_id: *"),
        ("x-oss-callback-var=e30=", "x-oss-callback-var=*"),
        ("the header OSS LTAI5tAbCdEf12:abc+/= is malformed", "the header OSS * is malformed"),
        ("STS.NUabcDEF123", "*"),
        ("\u{a0}é token='ü'", "\u{a0}é token='*"),
        ("token%3Dabc", "token%3D*"),
        ("%7B%22Signature%22%3A%20%22abc%22%7D", "%7B%22Signature%22%3A%20%22*"),
        ("Signature%20%3d%20abc", "Signature%20%3d%20*"),
        ("https%253A%252F%252Fb%252Fk%253FSignature%253Dabc", "https%253A%252F%252Fb%252Fk%253F*"),
        ("token%253Dabc, token%25zz", "token%253D*"),
        ("签名 Signature：abc", "签名 Signature：*"),
        ("Secret\u{a0}=\u{a0}abc Signature\u{200b}=abc", "Secret\u{a0}=\u{a0}*"),
        ("StringToSign:\nGET\nabc\n/b/k", "StringToSign:\n*"),
        ("oss%2FLTAI5tAbCdEf12%2F2026 x", "oss%2F* x"),
        ("%22LTAI5tAbCdEf12%22, ak_LTAI5tAbCdEf12, idLTAI5tAbCdEf12", "%22*%22, ak_*, id*"),
        ("\"role-STS.NUabcDEF123\" TMP.3KabcDEF123", "\"role-*\" *"),
        ("bearer\u{a0}3fa85f64 is no", "bearer\u{a0}* is no"),
        (r"Signature\u003dabc", r"Signature\u003d*"),
        ("&quot;token&quot;:&quot;abc", "&quot;token&quot;:&quot;*"),
        ("Bearer 3fa85f64 is no", "Bearer * is no"),
        ("Basic dXNlcjpwYXNzd29yZA== is no", "Basic * is no"),
        ("scheme OSS  ak:sig= is no", "scheme OSS  * is no"),
    ] {
        assert_eq!(masked(text), expected);
    }
}

#[test]
fn plain_text_is_left_alone() {
    for text in [
        "",
        "The specified key does not exist.",
        "Is it there? a = b",
        "https://api.aliyun.com/troubleshoot?q=0026-00000001",
        "(see https://api.aliyun.com/troubleshoot?q=0026-00000001).",
        "CallbackFailed: status 502",
        "Check your key and signing method: it is the signature that is wrong",
        "the token is old; Signature",
        "token",
        "token=",
        "token = ",
        "a?",
        "http://host:80/path",
        "use the STS. Or TMP. Or LTAI",
        "FALTAIRE.jpg, photos/TMP.jpg and STS.md do not exist",
        "Basic authentication is not supported, nor are Bearer tokens; OSS says: no",
        "100 %, token %zz",
    ] {
        assert_eq!(masked(text), text);
    }
}

/// A security token, as in `field-cases.jsonl`.
const TOKEN: &str = "CAISxAMPLE0xAMPLE1xAMPLE2xAMPLE3xAMPLE4xAMPLE5xAMPLE6xAMPLE7xAMPLE";

/// A secret of an unlisted shape.
const UNLISTED: &str = "kq7Zp2mX9vR4tL8w";

#[test]
fn a_secret_beside_its_name_is_found_however_it_is_written() {
    let ways = [
        r#"Policy Condition failed: ["eq", "$x-oss-security-token", "@"]"#,
        "The value of x-oss-security-token \"@\" is not valid",
        "The value of x-oss-security-token '@' is not valid",
        "Content-Disposition: form-data; name=\"x-oss-security-token\"\n\n@\n--b",
        "the security token is @",
        "token @",
        "token -> @",
        "token => @, expired",
        "x-oss-security-token → @",
        "token\n@",
        "token\t@",
        "token\r\n\r\n@",
        "<x-oss-security-token>@</x-oss-security-token>",
        "&lt;SecurityToken&gt;@&lt;/SecurityToken&gt;",
        "security_token|@|",
        "x-oss-security-token%22%2C%22@%22",
        r#"{\"SecurityToken\",\"@\"}"#,
        r"x-oss-security-token\u0022\u002c\u0022@",
        "安全令牌 token 为“@”。",
        "ｔｏｋｅｎ　@",
        "令牌 @ 无效",
        "签名“@”不匹配",
        "密码：@",
        "to\u{200b}ken @",
        "token (@)",
        "token [@]",
        "token `@`",
        "token: was @",
        "token-@",
        "token.@",
        "token/@",
        "token#@",
        "the Access Key you sent, namely @",
        "access_key @",
        "Api Key @",
        "password @",
        "the client secret of the application is @",
        "cookie @",
        "The request signature @ does not match",
        "Credential @",
    ];
    for way in ways {
        for secret in
            [TOKEN, UNLISTED, "550e8400-e29b-41d4-a716-446655440000", "3f9a7c5e1b2d4f6a8091a2b3c4d5e6f7"]
        {
            let text = way.replace('@', secret);
            let shown = masked(&text);
            assert!(!shown.contains(&secret[..12]) && shown.contains('*'), "{shown}");
        }
    }
}

#[test]
fn near_is_64_characters_and_a_run_has_16() {
    let shown = |between: &str, run: &str| masked(&format!("token{between}{run}"));
    for between in [" ".repeat(64), "é ".repeat(32), "令".repeat(63) + " ", ". ".repeat(32)] {
        assert!(!shown(&between, UNLISTED).contains(UNLISTED), "{between}");
        let further = format!(" {between}");
        assert!(shown(&further, UNLISTED).contains(UNLISTED), "{further}");
    }
    assert_eq!(shown(" ", &UNLISTED[1..]), "token q7Zp2mX9vR4tL8w");
    assert_eq!(shown(" ", "onlylettersanddashes-and-more"), "token onlylettersanddashes-and-more");
    assert_eq!(shown(" ", "1234567890123456789"), "token 1234567890123456789");
    assert_eq!(masked(&format!("the key {UNLISTED}")), format!("the key {UNLISTED}"));
}

/// Passwords may contain the signs that separate names from values, and tokens may begin with a
/// hyphen.
#[test]
fn a_run_is_one_whatever_signs_stand_in_it() {
    for secret in
        ["N&gQ!eK=c19?pJiJ", "ab1=cd2=ef3=gh4=", "-kq7Zp2mX9vR4tL8", "__kq7Zp2mX9vR4tL", "//a1b2&&c3d4//e5"]
    {
        for way in ["password @", "the password is \"@\"", "token -> @.", "secret (@)", "密码“@”"] {
            let shown = masked(&way.replace('@', secret));
            assert!(!shown.contains(&secret[4..8]), "{shown}");
        }
    }
    let parameters = "the signature of partNumber=10000&max-keys=100 is wrong";
    assert_eq!(masked(parameters), parameters);
}

#[test]
fn a_password_may_be_words() {
    for (text, expected) in [
        ("password: correct horse battery staple", "password: *"),
        ("Passphrase: Correct horse battery staple", "Passphrase: *"),
        ("client secret: open the door please", "client secret: *"),
        ("Invalid token: the token has expired.", "Invalid token: the token has expired."),
    ] {
        assert_eq!(masked(text), expected);
    }
}

#[test]
fn a_secret_that_is_broken_over_lines_is_hidden_to_its_end() {
    let lines = ["abcd1234".repeat(8), "efgh5678".repeat(8), "ijkl9".repeat(2)];
    assert_eq!(masked(&format!("token\n{}\nand more", lines.join("\r\n"))), "token\n*\r\n*\r\n*\nand more");
}

#[test]
fn what_has_the_shape_of_a_secret_is_hidden_everywhere() {
    for secret in [
        TOKEN,
        "CAESqAMIARKAAQ9Ja3gR8nLQ",
        "caisxample0xample1xample2xample3xample4",
        "IQoJb3JpZ2luX2VjEJr//////////wEaCXVz",
        "LTAI5tAbCdEf12GhIjKl34Mn",
        "ltai5tabcdef12ghijkl34mn",
        "LTAIAbCdEfGhIj12",
        "STS.NUabcDEF123ghiJKL456mno",
        "sts.nuabcdef123ghijkl456mno",
        "TMP.3KeAbCdEf12GhIjKl34MnOp",
        "tmp.3keabcdef12ghijkl34mnop",
        "AKIAIOSFODNN7EXAMPLE",
        "akiaiosfodnn7example",
        "LTAIAbCdEfGhIjKl",
        "ltaiabcdefghijkl",
        "AKIAIOSFODNNEXAMPLEX",
        "ASIAIOSFODNN7EXAMPLE",
        "asiaiosfodnn7example",
        "AKEXAMPLE1234567/20261125/cn-hangzhou/oss/aliyun_v4_request",
        "anything/20261125/us-east-1/s3/aws4_request",
        "77aa88bb99cc00dd11ee22ff3344556677aa88bb99cc00dd11ee22ff33445566",
        "77AA88BB99CC00DD11EE22FF3344556677AA88BB99CC00DD11EE22FF33445566",
        "nJ8fQmZk2XvT0bLr5sWcYdEaHgI=",
        "nJ8fQmZk+XvT/bLr5sWcYdEaHgI=",
        "nJ8fQmZk2XvT0bLr5sWcYdEaHgInJ8fQmZk2XvT0bLr=",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhYmMifQ.c2lnbmF0dXJl",
        "eyJjYWxsYmFja1VybCI6Imh0dHA6Ly8xMjcuMC4wLjEifQ==",
    ] {
        for around in [
            "@",
            "the object @ is not there",
            "a (@), b",
            "x@",
            "\"@\"",
            "令@牌",
            "a,@",
            "no=@",
            "/@",
            "b/k/@",
            "b-@",
        ] {
            let shown = masked(&around.replace('@', secret));
            let middle = &secret[8..16];
            // Some shapes are not recognized with other letters attached.
            let is_glued = around == "x@" && !secret.contains("LTAI5") && !secret.starts_with("STS.");
            assert!(is_glued || !shown.contains(middle), "{shown}");
        }
        let encoded: String = secret.bytes().map(|b| format!("%{b:02X}")).collect();
        let escaped: String = secret.bytes().map(|b| format!("\\u{b:04x}")).collect();
        let referenced: String = secret.bytes().map(|b| format!("&#x{b:x};")).collect();
        let wide: String = secret.bytes().map(|b| char::from_u32(u32::from(b) + 0xfee0).unwrap()).collect();
        let split = secret.chars().flat_map(|c| [c, '\u{200b}']).collect::<String>();
        for text in [encoded, escaped, referenced, wide, split] {
            assert_eq!(masked(&text), "*", "{secret}");
        }
    }
    let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nAKCAQ\n-----END RSA PRIVATE KEY-----";
    assert_eq!(masked(&format!("key {key} end")), "key *-----END RSA PRIVATE KEY----- end");
    assert_eq!(masked("-----BEGIN PRIVATE KEY-----\nMII"), "*");
}

/// Secrets of unlisted shapes are hidden near a name, or if they are longer than any name.
/// Otherwise they are shown.
#[test]
fn shapes_that_nobody_has_listed_are_shown_unless_they_are_as_long_as_no_name() {
    let long: String = (0..110).map(|i| char::from(b"aB3xY9kQ"[i % 8])).collect();
    assert_eq!(masked(&format!("the object {long} is not there")), "the object * is not there");
    assert_eq!(masked(&long[..99]), long[..99]);
    assert_eq!(masked(UNLISTED), UNLISTED);
    assert_eq!(masked("unheard-of-word kq7Zp2mX9vR4tL8w"), "unheard-of-word kq7Zp2mX9vR4tL8w");
}
