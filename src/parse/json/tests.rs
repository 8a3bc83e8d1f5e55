use super::*;

/// The outcome of reading, and one line per value.
fn of(text: &str) -> (JsonOutcome, Vec<String>) {
    let mut fields = Fields::default();
    let outcome = read(text, 0, &mut fields);
    fields.set_source(text.to_owned());
    let basic = Basic::ALL.iter().filter_map(|(basic, name)| Some((*name, fields.get(*basic)?)));
    let lines = basic.chain(fields.others()).map(|(name, value)| format!("{name}={value}")).collect();
    (outcome, lines)
}

const WHOLE: JsonOutcome = JsonOutcome { is_oss: true, is_bare: false, closed: true };

#[test]
fn all_three_shapes_are_read() {
    let lines = ["Code=A", "Message=b c", "X=1"].map(str::to_owned).to_vec();
    assert_eq!(of(r#"{"Error":{"Code":" A ","Message":"b c","X":1}}"#), (WHOLE, lines.clone()));
    assert_eq!(of("\n{\"code\":\"A\",\"MESSAGE\":\"b c\",\"X\":1}"), (WHOLE, lines));
    let (outcome, lines) = of(r#"{"message":"b \u0063"}"#);
    assert_eq!(outcome, JsonOutcome { is_bare: true, ..WHOLE });
    assert_eq!(lines, ["Message=b c"]);
}

#[test]
fn members_are_kept_under_their_path() {
    for (text, expected) in [
        (r#""D":{"E":true,"F":{"G":-1.5}},"I":2"#, &["D/E=true", "D/F/G=-1.5", "I=2"][..]),
        (r#""H":["x",["y"],null,{"I":"z"},"x"]"#, &["H=x", "H=y", "H/I=z", "H=x"]),
        (r#""":{"Code":"B","":1},"":"2""#, &["/Code=B", "/=1", "=2"]),
        (r#""Code":"B","D":{"Code":"C"},"Error":{"Code":"E"}"#, &["D/Code=C", "Error/Code=E"]),
        (r#""RequestId":5,"EC":-1.50,"HostId":true"#, &["RequestId=5", "EC=-1.50", "HostId=true"]),
        (r#""X":1.10,"Y":123456789012345678901234567890"#, &["X=1.10", "Y=123456789012345678901234567890"]),
    ] {
        let (outcome, lines) = of(&format!(r#"{{"Error":{{"Code":"A",{text}}}}}"#));
        assert_eq!(outcome, WHOLE, "{text}");
        assert_eq!(lines[0], "Code=A", "{text}");
        assert_eq!(lines[1..], *expected, "{text}");
    }
}

#[test]
fn a_flaw_loses_nothing_after_it() {
    for (flaw, expected) in [
        (r#""X":"\ud83d","#, &["X=\u{fffd}"][..]),
        (r#""X":"\ude00\ud83dx\ud83d\u0041","#, &["X=\u{fffd}\u{fffd}x\u{fffd}A"]),
        (r#""X":"\ud83d\ude00","#, &["X=\u{1f600}"]),
        ("\"X\":\"a\nb\tc\u{1}\",", &["X=a\nb\tc\u{1}"]),
        (r#""X":"\'\x41\u12","#, &["X='x41u12"]),
        (r#""X":"\\","Y":"\"\/\b\f\n\r\t","#, &["X=\\", "Y=\"/\u{8}\u{c}\n\r\t"]),
        (r#""X":1e999,"Y":NaN,"Z":007,"#, &["X=1e999", "Y=NaN", "Z=007"]),
        (r#""X":[1,],,"Y":{"Z":2,},"#, &["X=1", "Y/Z=2"]),
        (r#""X":1 "Y" "2" "Z":[3 4]"#, &["X=1", "Y=2", "Z=3", "Z=4"]),
        ("// \"X\":1,\n/* \"Y\":2, */ / \"Z\":3/**/,", &["Z=3"]),
        (r#""X":,"Y":{1,"Z"},{"V":1},[2],3,"#, &[]),
        (r#""X":"He said "no" to","Y":1,"#, &["X=He said ", "Y=1"]),
        (r#""X":{"Y":[1},"Z":2,"#, &["X/Y=1", "Z=2"]),
        (r#"],"Z":2,"#, &["Z=2"]),
        (r#"\,"Z":é,"#, &["Z=é"]),
    ] {
        let text = format!("{{\"Error\":{{{flaw}\"Code\":\"A\",}},}}");
        let (outcome, lines) = of(&text);
        assert_eq!((outcome, &*lines[0]), (WHOLE, "Code=A"), "{text}");
        assert_eq!(lines[1..], *expected, "{text}");
    }
}

#[test]
fn the_error_object_wins_and_blanks_yield() {
    for (text, expected) in [
        (r#"{"Code":"B","Error":{"Code":"A"}}"#, &["Code=A"][..]),
        (r#"{"Error":{"Code":"A"},"Code":"B"}"#, &["Code=A"]),
        (r#"{"Code":"B","Message":"m","Error":{"Code":" "}}"#, &["Code=B", "Message=m"]),
        (r#"{"Error":{"Code":"","code":"A","CODE":"B"}}"#, &["Code=A"]),
        (r#"{"Code":"","code":"A"}"#, &["Code=A"]),
    ] {
        let (outcome, lines) = of(text);
        assert_eq!(outcome, WHOLE, "{text}");
        assert_eq!(lines, expected, "{text}");
    }
}

#[test]
fn other_documents_are_not_from_oss() {
    for text in [
        "{}",
        r#"{"a":{"code":"x"}}"#,
        r#"{"error":"bad gateway"}"#,
        r#"{"error":[{"code":"x"}]}"#,
        r#"{"code":404}"#,
        "{",
        "{]",
        "",
    ] {
        assert!(!of(text).0.is_oss, "{text}");
    }
    for text in [r#"{"message":"x","code":404}"#, r#"{"Message":1,"Code":""}"#] {
        let (outcome, _) = of(text);
        assert!(outcome.is_oss && outcome.is_bare, "{text}");
    }
}

#[test]
fn what_came_before_a_cut_is_kept() {
    let text = r#"{"Error":{"Code":"A","X":123,"Message":"b"}}"#;
    for end in 0..text.len() {
        let (outcome, lines) = of(&text[..end]);
        assert!(!outcome.closed, "{end}");
        assert_eq!(outcome.is_oss, end >= r#"{"Error":{"#.len(), "{end}");
        let kept = [r#"{"Error":{"Code":"A""#, r#"{"Error":{"Code":"A","X":123,"#, &text[..text.len() - 2]];
        assert_eq!(lines.len(), kept.iter().filter(|text| end >= text.len()).count(), "{end}");
    }
}

#[test]
fn deep_and_long_names_are_left_out_without_harm() {
    for (start, end) in [("{\"a\":", "}"), ("[", "]")] {
        let deep = format!("{}\"x\"{}", start.repeat(200), end.repeat(200));
        let long = "n".repeat(300);
        let text =
            format!("{{\"Error\":{{\"D\":{deep},\"{long}\":1,\"{long}\":{{\"a\":1}},\"Code\":\"A\"}}}}");
        assert_eq!(of(&text), (WHOLE, vec!["Code=A".to_owned()]));
    }
    assert!(!of(&"{\"Error\":".repeat(10_000)).0.closed);
}

#[test]
fn eight_levels_are_kept() {
    let nested = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    for (levels, kept) in [(8, 1), (9, 0)] {
        assert_eq!(of(&nested(levels)).1.len(), kept);
        assert_eq!(of(&format!("{{\"Error\":{}}}", nested(levels))).1.len(), kept);
    }
}
