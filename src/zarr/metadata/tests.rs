//! What is parsed, what is refused, what is written.

use super::*;

fn parse(text: &str) -> Result<NodeMetadata> {
    NodeMetadata::parse(text.as_bytes())
}

#[test]
fn an_array_is_written_as_the_specification_says() {
    let names = vec!["a:0".to_owned(), "a:1".to_owned()];
    let array = ArrayMetadata::new(DataType::Float64, vec![100, 20], vec![100, 20], names);
    let node = NodeMetadata::Array(array);
    let text = String::from_utf8(node.to_bytes().unwrap()).unwrap();
    insta::assert_snapshot!(text, @r#"{"zarr_format":3,"node_type":"array","shape":[100,20],"data_type":"float64","chunk_grid":{"name":"regular","configuration":{"chunk_shape":[100,20]}},"chunk_key_encoding":{"name":"default","configuration":{"separator":"."}},"fill_value":0.0,"codecs":[{"name":"bytes","configuration":{"endian":"little"}},{"name":"crc32c"}],"attributes":{},"dimension_names":["a:0","a:1"]}"#);
    assert_eq!(parse(&text).unwrap(), node);
}

#[test]
fn a_group_is_written_as_the_specification_says() {
    let node = NodeMetadata::Group(GroupMetadata::default());
    let text = String::from_utf8(node.to_bytes().unwrap()).unwrap();
    assert_eq!(text, r#"{"zarr_format":3,"node_type":"group","attributes":{}}"#);
    assert_eq!(parse(&text).unwrap(), node);
}

#[test]
fn what_need_not_be_understood_is_passed_over() {
    let extended =
        r#"{"zarr_format":3,"node_type":"group","consolidated_metadata":{"must_understand":false}}"#;
    assert!(parse(extended).is_ok());
    let consolidated = r#"{"zarr_format":3,"node_type":"group","consolidated_metadata":null}"#;
    assert!(parse(consolidated).is_ok());
    let needed = r#"{"zarr_format":3,"node_type":"group","encryption":{"name":"rot13"}}"#;
    assert_eq!(parse(needed).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn broken_documents_are_refused_with_the_reason() {
    let array = |change: &str| {
        let mut json: Json = serde_json::from_str(
            r#"{"zarr_format":3,"node_type":"array","shape":[2],"data_type":"int8","chunk_grid":{"name":
            "regular","configuration":{"chunk_shape":[2]}},"chunk_key_encoding":{"name":"default"},
            "fill_value":0,"codecs":["bytes"]}"#,
        )
        .unwrap();
        json.as_object_mut().unwrap().extend(serde_json::from_str::<Fields>(change).unwrap());
        parse(&json.to_string())
    };
    assert!(array("{}").is_ok());
    for (change, kind, reason) in [
        (r#"{"zarr_format":2}"#, ErrorKind::Unsupported, "Zarr format 2"),
        (r#"{"data_type":"int3"}"#, ErrorKind::Unsupported, "the data type \"int3\""),
        (r#"{"shape":[2,3]}"#, ErrorKind::Corrupt, "chunk shape"),
        (r#"{"shape":null}"#, ErrorKind::Corrupt, "`shape` is missing"),
        (r#"{"shape":[-1]}"#, ErrorKind::Corrupt, "invalid value"),
        (r#"{"dimension_names":["x","y"]}"#, ErrorKind::Corrupt, "dimension names"),
        (r#"{"storage_transformers":[{}]}"#, ErrorKind::Unsupported, "storage transformer"),
        (r#"{"chunk_key_encoding":{"name":"md5"}}"#, ErrorKind::Unsupported, "\"md5\""),
        (r#"{"chunk_grid":{"name":"irregular"}}"#, ErrorKind::Unsupported, "irregular"),
        (
            r#"{"chunk_grid":{"name":"odd","configuration":{"x":1}}}"#,
            ErrorKind::Unsupported,
            "chunk grid \"odd\"",
        ),
        (
            r#"{"data_type":{"name":"fixed_length_utf32","configuration":{"length_bytes":6}}}"#,
            ErrorKind::Unsupported,
            "utf32",
        ),
    ] {
        let error = array(change).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(reason), "{error}");
    }
    assert!(parse("").is_err());
    for document in [
        r#"{"zarr_format":3,"zarr_format":3,"node_type":"group"}"#,
        r#"{"zarr_format":3,"node_type":"group","attributes":{"a":[{"b":1,"b":2}]}}"#,
        r#"{"zarr_format":3,"node_type":"group","attributes":{"a":1},"attributes":{}}"#,
        r#"{"zarr_format":3,"node_type":"group","x":{"must_understand":false,"a":1,"a":1}}"#,
        r#"{"zarr_format":3,"node_type":"array","codecs":[{"name":"gzip","configuration":{"level":1,"level":2}}]}"#,
        r#"{"zarr_format":3,"node_type":"array","codecs":[{"name":"gzip","name":"zstd"}]}"#,
        r#"{"zarr_format":3,"node_type":"array","chunk_grid":{"name":"regular","name":"regular"}}"#,
    ] {
        let error = parse(document).unwrap_err();
        assert!(error.to_string().contains("duplicate field"), "{document}: {error}");
    }
}

#[test]
fn text_of_a_fixed_length_keeps_its_type_when_its_attributes_change() {
    let document = r#"{"zarr_format":3,"node_type":"array","shape":[2],"data_type":{"name":"fixed_length_utf32","configuration":{"length_bytes":20}},"chunk_grid":{"name":"regular","configuration":{"chunk_shape":[2]}},"chunk_key_encoding":{"name":"default","configuration":{"separator":"/"}},"fill_value":"","codecs":["bytes"],"attributes":{}}"#;
    let node = parse(document).unwrap();
    assert_eq!(String::from_utf8(node.to_bytes().unwrap()).unwrap(), document);
    let NodeMetadata::Array(array) = node else { panic!("a group") };
    assert_eq!((array.data_type, array.utf32_length), (DataType::String, Some(20)));
}

#[test]
fn chunks_are_called_as_each_encoding_says() {
    for (keys, names) in [
        (ChunkKeys::Default('.'), ["c", "c.4", "c.0.1"]),
        (ChunkKeys::Default('/'), ["c", "c/4", "c/0/1"]),
        (ChunkKeys::V2('.'), ["0", "4", "0.1"]),
    ] {
        assert_eq!([&[][..], &[4], &[0, 1]].map(|index| keys.path(index)), names);
    }
}
