//! Shows how the stack handles faults, which the stand-in can produce.

use std::{
    error::Error as _,
    future::ready,
    sync::{Arc, Mutex},
    time::Duration,
};

use tower_oss::{Error, ErrorCode, error::BoxError, test_util::ErrorResponse};

use crate::{
    oss::Bucket,
    signer::{Credentials, Keys, Target},
    stack,
    stand_in::StandIn,
};

pub(crate) async fn show(stand_in: &StandIn, target: &Target, url: &str) -> Result<(), BoxError> {
    // The response of STS. The stand-in accepts no other credentials.
    let issued = Arc::new(Mutex::new("token-1"));
    let keys = |token: &str| Keys::new("STS.id", "a secret", Some(token.to_owned()));
    stand_in.replace_keys(keys("token-1"));
    let ask = issued.clone();
    let credentials = Credentials::new(move || ready(Ok(keys(*ask.lock().expect("no holder panics")))));
    let bucket = Bucket::new(stack::client(credentials, target.clone())?, url);

    println!("\na server that fails once");
    bucket.put("k", "1").await?;
    stand_in.fail_next(ErrorResponse::new(ErrorCode::InternalError));
    end(bucket.get("k").await);

    println!("\na security token that has expired");
    stand_in.replace_keys(keys("token-2"));
    *issued.lock().expect("no holder panics") = "token-2";
    end(bucket.get("k").await);

    println!("\na token that has expired, and no other is to be had");
    stand_in.replace_keys(keys("token-3"));
    end(bucket.get("k").await);

    println!("\na wrong secret");
    let wrong = Credentials::new(|| ready(Ok(Keys::new("STS.id", "wrong", Some("token-3".to_owned())))));
    let client = stack::client(wrong, target.clone())?;
    end(Bucket::new(client, url).get("k").await);

    println!("\nno credentials");
    let none = Credentials::new(|| ready(Err("nothing is mounted at /var/run/secrets/oss".into())));
    end(Bucket::new(stack::client(none, target.clone())?, url).get("k").await);

    println!("\na clock that is an hour slow");
    *issued.lock().expect("no holder panics") = "token-3";
    stand_in.set_clock_ahead(Duration::from_secs(60 * 60));
    end(bucket.get("k").await);
    Ok(())
}

fn end(result: Result<bytes::Bytes, Error>) {
    let error = match result {
        Ok(bytes) => return println!("  got         {bytes:?}"),
        Err(error) => error,
    };
    println!("  error       {error}");
    println!("  attempts    {}", error.attempts());
    if let (None, Some(cause)) = (error.oss(), error.source()) {
        println!("  cause       {cause}");
    }
    println!("  what to do  {}", error.explain().remedy());
}
