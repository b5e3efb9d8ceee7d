<?php
// A points programme from its first branch to its last voucher, with nothing but the published description at hand.
// Called with the address and the key. Prints what it saw as JSON.
[, $url, $key] = $argv;
$seen = [];

// What stands between a start and its end: rows, or else a text.
function content(array &$tokens) {
	[$rows, $text] = [[], ''];
	while ([, $end, $name, $plain] = array_shift($tokens)) {
		if ($end)
			break;
		if ($name === 'row')
			$rows[] = fields($tokens);
		$text .= $plain;
	}
	return $rows ?: html_entity_decode($text, ENT_XML1 | ENT_QUOTES);
}

// Names and what stands in them, up to the end of what holds them.
function fields(array &$tokens): array {
	$found = [];
	while ([, $end, $name] = array_shift($tokens)) {
		if ($end)
			break;
		if ($name)
			$found[$name] = content($tokens);
	}
	return $found;
}

// The error, or the rows, or the status when the answer has no rows.
function call(string $method, array $fields = [], array $options = []) {
	global $url, $key;
	$post = array(
		'global[api_key]' => $key,
		'global[api_time]' => gmdate("Y-m-d H:i:s"),
		'global[api_method]' => $method,
	);
	foreach ($options as $name => $value)
		$post["global[$name]"] = $value;
	foreach ($fields as $name => $value)
		$post["global[fields][$name]"] = $value;
	$curl = curl_init();
	curl_setopt_array($curl, array(
		CURLOPT_RETURNTRANSFER => 1,
		CURLOPT_URL => $url,
		CURLOPT_POST => 1,
		CURLOPT_POSTFIELDS => $post,
	));
	$response = curl_exec($curl);
	if ($response === false)
		exit("$method: " . curl_error($curl));
	curl_close($curl);
	// The answers have no single root, which PHP's own readers of XML would need.
	[, $inner] = explode("\n", $response, 2);
	preg_match_all('~<(/?)(\w+)>|([^<]+)~', $inner, $tokens, PREG_SET_ORDER | PREG_UNMATCHED_AS_NULL);
	$answer = fields($tokens);
	if (isset($answer['error']))
		return $answer['error'];
	return isset($answer['data']) ? (is_array($answer['data']) ? $answer['data'] : []) : $answer['status'];
}

function code(string $method, array $fields, array $options = []): string {
	$rows = call($method, $fields, $options);
	return is_array($rows) ? $rows[0]['code'] : exit("$method: $rows");
}

function balance(string $member): int {
	return (int) call('get_members', ['code' => $member])[0]['points_balance'];
}

$seen['verify'] = call('verify_api');

// The shop.
$branch = code('add_branch', ['name' => 'Main Street']);
$category = code('add_sku_category', ['name' => 'Coffee', 'refers_to' => 'drinks']);
$sku = code('add_sku_code', ['name' => 'Flat White', 'code' => 'FW-1', 'category' => $category, 'sales_price' => '3.80']);
$seen['sku'] = $sku;
$general = code('add_promotion', ['name' => '10 points per 100', 'percent_of_spend' => '10']);
code('add_transactional_promotion', ['name' => 'Coffee week', 'percent_of_spend' => '0', 'fixed_points_value' => 5, 'sku_code' => $sku]);
code('add_non_transactional_promotion', ['name' => 'Welcome', 'points_to_award' => 20, 'auto_allocate_on_event' => 'signup']);
$voucher = code('add_voucher', ['name' => '5.00 off', 'points_required' => 50, 'value' => '5.00', 'value_type' => 0, 'expires_after_days' => 90]);
code('add_voucher_precode', ['code' => 'PRINTED-1', 'voucher' => $voucher]);
$seen['user'] = call('get_user', [])[0]['name'];

// People.
$bob = code('add_member', ['first_name' => 'Bob', 'last_name' => 'O\'Neill & <Söhne>', 'email' => 'bob@example.com', 'cell' => '+12025550123', 'date_of_birth' => '1980-02-29', 'group' => 'staff', 'branch' => $branch]);
$mary = code('add_member', ['first_name' => 'Mary', 'last_name' => 'Jones', 'code' => 'CARD-7']);
$seen['members'] = array_column(call('get_members'), 'last_name');
$seen['search'] = array_column(call('get_members', [], ['member_search' => 'söhne']), 'code') === [$bob];
$seen['wildcard'] = array_column(call('get_member', ['last_name' => 'jon*']), 'code');
$seen['signup'] = balance($bob);
$seen['missing'] = substr(call('add_member', ['first_name' => 'Nobody']), 0, 3);
$seen['duplicate'] = substr(call('add_member', ['first_name' => 'Mary', 'last_name' => 'Jones', 'code' => 'card-7']), 0, 3);
code('add_member', ['code' => 'CARD-7', 'first_name' => 'Mary', 'last_name' => 'Smith-Jones'], ['edit_duplicates' => 1]);
$seen['edited'] = call('get_members', ['code' => 'CARD-7'])[0]['last_name'];
code('edit_member', ['code' => 'NEW-9', 'email' => 'bob@example.com'], ['code_editable' => 1]);
$bob = 'NEW-9';
$seen['recoded'] = call('get_members', ['email' => 'bob@example.com'])[0]['code'];

// Sales.
$sale = code('add_transaction', ['member' => $bob, 'total_value' => '255.99', 'transaction_ref' => 'T-1', 'branch' => $branch]);
$seen['sale'] = balance($bob);
$second = code('add_transaction', ['member' => 'bob@example.com', 'total_value' => '3.80', 'sku_code' => $sku, 'qty' => 1]);
$seen['coffee'] = balance($bob);
code('edit_transaction', ['code' => $sale, 'total_value' => '155.99']);
$seen['corrected'] = balance($bob);
$seen['undone'] = call('delete_transaction', ['code' => $second]);
$seen['after'] = balance($bob);
code('add_points', ['member' => $bob, 'points' => 30, 'internal_notes' => 'lost card']);
$seen['points'] = balance($bob);
$seen['transactions'] = count(call('get_transactions', ['member' => $bob, 'from_date' => gmdate('Y-m-d', time() - 172800), 'to_date' => gmdate('Y-m-d', time() + 172800)]));
$seen['unknown'] = substr(call('add_transaction', ['member' => 'nobody', 'total_value' => '1']), 0, 3);

// Vouchers.
$issue = call('add_voucher_issued', ['voucher' => $voucher, 'qty' => 1, 'member' => $bob])[0];
$seen['issued'] = count($issue['voucher_codes']);
$first = call('get_vouchers_issued', ['code' => $issue['code']])[0]['voucher_codes'][0];
$printed = in_array('PRINTED-1', $first, true);
$seen['printed'] = $printed;
$seen['paid'] = balance($bob);
$seen['poor'] = substr(call('add_voucher_issued', ['voucher' => $voucher, 'qty' => 1, 'member' => $bob]), 0, 3);
$redeemed = call('redeem_voucher_code', ['voucher_code' => 'PRINTED-1'])[0];
$seen['value'] = $redeemed['value'];
$seen['again'] = substr(call('redeem_voucher_code', ['voucher_code' => 'PRINTED-1']), 0, 3);

// Retries.
$once = ['idempotency_key' => 'till-7-0001'];
$one = call('add_points', ['member' => $mary, 'points' => 11], $once);
$seen['retry'] = call('add_points', ['member' => $mary, 'points' => 11], $once) === $one;
$seen['mary'] = balance($mary);
$seen['deleted'] = call('delete_member', ['code' => $mary]);
$seen['left'] = array_column(call('get_members'), 'code');

echo json_encode($seen, JSON_UNESCAPED_UNICODE);
