<?php
// Prints the hashes of PHP's systems for src/hashing/tests/foreign.tsv: php foreign_hashes.php path/to/wordpress
// (on Debian: apt-get install php-cli, and the package wordpress, which has the class).
require $argv[1] . '/wp-includes/class-phpass.php';

const ITOA64 = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** As Drupal stores it: phpass with SHA-512, cut to 55 characters. */
function drupal(string $password, int $log2): string
{
    $phpass = new PasswordHash(8, true);
    $setting = '$S$' . ITOA64[$log2] . $phpass->encode64(random_bytes(6), 6);
    $hash = hash('sha512', substr($setting, 4) . $password, true);
    for ($count = 1 << $log2; $count > 0; $count--) {
        $hash = hash('sha512', $hash . $password, true);
    }
    return substr($setting . $phpass->encode64($hash, 64), 0, 55);
}

/** As WordPress 6.8 stores it: wp_hash_password(). */
function wordpress(string $password, int $cost): string
{
    $prehashed = base64_encode(hash_hmac('sha384', trim($password), 'wp-sha384', true));
    return '$wp' . password_hash($prehashed, PASSWORD_BCRYPT, ['cost' => $cost]);
}

foreach (['Correct-Horse-1', 'Grüße, Wörld ✉', 'x', str_repeat('a', 70), str_repeat('ab1', 24) . 'c'] as $password) {
    if (strlen($password) < 72) {
        echo "php-bcrypt\t$password\t", password_hash($password, PASSWORD_BCRYPT, ['cost' => 4]), "\n";
    }
    echo "wordpress-phpass\t$password\t", (new PasswordHash(8, true))->HashPassword($password), "\n";
    echo "wordpress-bcrypt\t$password\t", wordpress($password, 4), "\n";
    echo "drupal\t$password\t", drupal($password, 7), "\n";
}
echo "drupal\tCorrect-Horse-1\t", drupal('Correct-Horse-1', 15), "\n";
